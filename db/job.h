/*
 * job: the wish to bring one image to one commit.
 *
 * Every state change names the attempt that makes it. If the row has moved on, it fails with ERR_US
 * and sys ESTALE ("job 42 is not running attempt 3"): a late verdict changes nothing. Rows and
 * arguments hold times of the steady clock (db_now_ms); results are converted to the current wall
 * clock (lib/steady.h). An image has at most one queued, one running, one built and one held job
 * (unique partial indexes). Texts of more than 1000 bytes are cut when stored.
 */
#ifndef HORNERO_DB_JOB_H
#define HORNERO_DB_JOB_H

#include "db/db.h"
#include "lib/uuid.h"
#include "state/waiting.h"

#include <stdbool.h>
#include <stdint.h>

enum job_state {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_BUILT,
	JOB_PUBLISHED,
	JOB_FAILED,
	JOB_HELD,
	JOB_SUPERSEDED,
	JOB_CANCELLED,
};
enum { JOB_STATES = JOB_CANCELLED + 1 };

/* hornero(1) lists the table: t/3010-words-unit compares both. */
struct job_state_entry {
	const char *name; /* in rows, listings and JSON */
	bool is_ended;
	bool may_retry;    /* by job_retry() */
	const char *words; /* one sentence, in roff */
};
const struct job_state_entry *job_state_entry(enum job_state s);

static inline const char *job_state_name(enum job_state s)
{
	return job_state_entry(s)->name;
}

static inline bool job_state_ended(enum job_state s)
{
	return job_state_entry(s)->is_ended;
}

struct job_wish {
	const char *image;     /* UUID */
	const char *repo;
	const char *ref;
	const char *commit;    /* object id of the ref */
	const char *origin;    /* "push", "sweep", "rebuild", "retry", "rollback", "undo", "verify",
				* "confirm" */
	const char *pushed_by; /* NULL: unknown */
	const char *inputs;    /* the inputs that the sweep wants besides the commit, or NULL */
	const char *note;      /* text for the event log, or NULL: the origin */
	bool force;            /* build even if the content key is known */
	bool clean;            /* from an empty checkout and cache; implies force */
	bool is_lost_push;     /* of a sweep: a pusher waits for it, so it has the priority of a
				* push */
	int64_t not_before_ms; /* of the steady clock; 0: now */
	int priority;          /* above 0: before others; below 0: after them */
	const int64_t *newest; /* of a sweep: the image's newest job (job_newest) when it looked, 0
				* for none; NULL: any */
};

bool job_is_confirm(const char *origin);

struct job_receipt {
	int64_t id;
	bool joined;          /* joined an equal job; id is that job's */
	bool running;         /* that job runs already */
	int64_t superseded;   /* the queued job that this one replaced, or 0 */
	bool overtaken;       /* another job is the newest by now: nothing was queued */
};

/* Queues a job. A newer wish of an image supersedes its queued and its held job. The new job is
 * forced or clean if the queued one was. An equal wish (same commit, ref and repo; force and clean
 * not stronger) joins the queued job instead, and ends its back-off unless the sweep asks. Wishes
 * of the sweep have a lower priority than all others without one of their own. A push joins also
 * the running job by which a sweep builds its commit. */
/* A wish of origin "confirm" (a clean build of the warm content while the node is idle) comes after
 * all others. If any job of its image is queued, it joins that one and changes nothing; any other
 * wish replaces it. */
int job_enqueue(struct db *db, const struct job_wish *w, struct job_receipt *r, struct err *e);

/* A row as listings show it. The struct owns its strings (job_fini); "" for NULL. */
struct job {
	int64_t id;
	char image[UUID_LEN + 1];
	char *repo, *ref, *commit, *origin, *pushed_by;
	enum job_state state;
	bool force, clean;
	int64_t priority;      /* as in a wish; -1 for the sweep's, -100 for a confirmation */
	int64_t attempt;       /* 0 before the first */
	int64_t crashes;       /* crashed attempts: three hold the job */
	int64_t superseded_by; /* or 0 */
	int64_t not_before_ms; /* back-off: not claimed before; 0: none */
	char *reason;          /* why failed, held, requeued, superseded; "" */
	char *waiting_for;     /* why a built one waits; "" */
	char *waiting_kind;    /* the word of job_waits(); "" */
	char *key, *digest, *tree, *inputs, *builder, *built_commit;
	char *how_built;       /* how its artifact's build began: "clean", "incremental",
				* "confirmed"; "" */
	bool reused;           /* published an artifact that existed already */
	int64_t created_ms, started_ms, built_ms, ended_ms; /* 0: not yet */
	int64_t likely_ms;     /* how long its attempt will take, by its image's last builds; 0 if
				* unknown, or if the job is queued and had no attempt */
	/* Of job_each_open() and job_foresee(), a forecast: */
	int64_t position;              /* 1: the next; counts hidden jobs, too; 0: not ready */
	int64_t begins_ms, ends_ms; /* 0: unknown */
};
void job_fini(struct job *j);

static inline enum waiting job_waits(const struct job *j)
{
	return waiting_parse(j->waiting_kind);
}

static inline void job_end(struct job *j)
{
	job_fini(j);
}
#define own_job __attribute__((cleanup(job_end)))

/* Returns true if a job of this image may start. Called within the transaction: it must not use the
 * database. */
typedef bool job_may(const void *arg, const char *image);

/* The terms of a claim. */
struct job_terms {
	bool idle;        /* only those of origin "confirm"; else all but those */
	int64_t per_repo; /* jobs of a repository that may run at a time; 0: any number */
	/* Whether jobs that this builder built last may start ("": none did); NULL: all. As
	 * job_may(). */
	bool (*may_line)(const void *arg, const char *builder);
	job_may *may;     /* NULL: all */
	const void *arg;
};

/* queued → running, attempt + 1: takes the first job of the best priority whose image has none
 * running and which the terms allow; of several repositories, of the one that has had the least
 * processor time (account.c). A claim supersedes a running confirmation of the same image. Returns
 * 1 if claimed (fills *out), 0 if there is none, -1 on error. */
int job_claim(struct db *db, int64_t now_ms, const struct job_terms *terms, struct job *out,
	      struct err *e);

/* Finds when the next queued job's back-off ends, or 0 for none. */
int job_next_due(struct db *db, int64_t now_ms, int64_t *due_ms, struct err *e);

/* The result of an attempt; NULL or 0 if unknown. Stored in the attempt's row. */
struct attempt_result {
	const char *class;   /* err_class_name; "none" on success */
	const char *cause;   /* a word of state/cause.h */
	const char *reason;  /* one sentence for users */
	const char *commit, *tree, *key, *inputs, *builder, *digest, *how_built;
	bool reused;
	int64_t size_bytes;
	int64_t checkout_ms, build_ms, check_ms, boot_ms, store_ms;
	int64_t cpu_ms, mem_peak_bytes;
};

/* running → built. Supersedes an older built job of the image. */
int job_set_built(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		  struct err *e);
/* built → published, with a publication row under `name` of the cache. remark is a sentence for
 * users, or NULL. */
int job_set_published(struct db *db, int64_t id, int64_t attempt, const char *name,
		      int64_t publish_ms, const char *remark, struct err *e);
/* Adds an event to a built job and changes nothing else. */
int job_note_built(struct db *db, int64_t id, int64_t attempt, const char *event,
		   const char *detail, struct err *e);
/* running → published, without a publication: the warm content is what it made. */
int job_set_confirmed(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		      struct err *e);
/* Adds an event with this detail unless the job's newest one of this name has the same, or there is
 * no such job. */
int job_note_change(struct db *db, int64_t id, const char *event, const char *detail,
		    struct err *e);
/* Records a later outcome of an ended job: an event, and the reason if it is published. Returns 1
 * if recorded, 0 if the reason is the same already or there is no such job, -1 on error. */
int job_remark(struct db *db, int64_t id, const char *event, const char *text, struct err *e);
/* running or built → failed. */
int job_set_failed(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		   struct err *e);
/* running → cancelled: the agent has ended the attempt at a user's request. */
int job_set_cancelled(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		      struct err *e);
/* running, or built if its artifact is gone → queued with a back-off; superseded instead if a newer
 * job is queued. crash: counts towards held. */
int job_set_requeued(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		     int64_t not_before_ms, bool crash, struct err *e);
/* running or built → held; superseded instead if a newer job is queued. */
int job_set_held(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r,
		 struct err *e);
/* Stays built and records why it waits. Adds no event if kind and text are unchanged. */
int job_set_waiting(struct db *db, int64_t id, int64_t attempt, enum waiting kind, const char *text,
		    struct err *e);

/* At start-up, with nothing running: requeues every running job like job_set_requeued, with
 * CAUSE_CRASH or CAUSE_STOPPED. After a crash a job waits a second per attempt so far. The death of
 * hornerod is never the job's fault: it holds none. *n counts the jobs. */
int job_recover(struct db *db, bool crash, int64_t *n, struct err *e);

/* For users: queued, held or built → cancelled. Returns 1 if done, 0 if it runs (the agent must end
 * it), -1 on error (ERR_USAGE: ended already). */
int job_cancel(struct db *db, int64_t id, const char *who, struct err *e);
/* For a job whose state may_retry: enqueues its wish again with origin "retry". ERR_USAGE if it is
 * in another state, or if the image has a newer job that was not superseded. */
int job_retry(struct db *db, int64_t id, const char *who, struct job_receipt *r, struct err *e);

/* Returns 1 if found, 0 if there is no such job, -1 on error. */
int job_get(struct db *db, int64_t id, struct job *out, struct err *e);
/* Finds the newest confirmation of an image that is not superseded. Returns 1, 0 if none, -1 on
 * error. */
int job_newest_confirm(struct db *db, const char *image, struct job *out, struct err *e);
/* Finds the newest job of an image that is neither superseded nor a confirmation. Returns 1, 0 if
 * none, -1 on error. */
int job_newest(struct db *db, const char *image, struct job *out, struct err *e);

/* Finds the image's newest published job before this one that was built, not answered by an
 * artifact. Returns 1, 0 if none, -1 on error. */
int job_last_good(struct db *db, const char *image, int64_t before, struct job *out,
		  struct err *e);

/* Content whose build failed by itself: its builder ended with an error. */
struct job_failure {
	int64_t job;       /* that built it first */
	char key[64 + 1];  /* of the content */
};
/* Finds the failures of an image that no later success of the same content ends, the newest first.
 * Returns their number, at most `most`, or -1. */
int job_failures(struct db *db, const char *image, struct job_failure *list, int most,
		 struct err *e);

enum job_scope {
	JOB_SCOPE_OPEN,   /* queued, running, built, held */
	JOB_SCOPE_RECENT, /* those, and the last 20 that ended */
	JOB_SCOPE_ALL,
	JOB_SCOPE_BUILT,  /* waiting for the cache, oldest first */
	JOB_SCOPE_RUNNING,
};
/* Calls each() for running jobs, built, queued (by number; those that wait for a time last), held,
 * then ended ones, newest first. Stops if each() returns non-zero. The row is borrowed. each() may
 * read with the same handle, but not write. */
int job_each(struct db *db, enum job_scope scope, int (*each)(void *arg, const struct job *j),
	     void *arg, struct err *e);

/* The jobs that a listing has. A member that is NULL or 0 means any. */
struct job_filter {
	const char *image, *repo, *pushed_by;
	unsigned int states; /* bits 1 << enum job_state */
	int64_t age_ms;      /* ended jobs: those that ended at most so long ago */
	int64_t workers;     /* of the node, for the forecast */
};

/* Calls each() for the open jobs of the filter, in one transaction: running, built, queued in the
 * expected order with its forecast, held. Returns 1 if each() stopped it, 0 if not, -1 on
 * error. */
int job_each_open(struct db *db, const struct job_filter *f,
		  int (*each)(void *arg, const struct job *j), void *arg, struct err *e);

/* Calls each() for the open jobs, and then for the ended ones, newest first, until it returns
 * non-zero: all of one moment. Returns 0, or -1 on error. */
int job_each_newest(struct db *db, const struct job_filter *f,
		    int (*each)(void *arg, const struct job *j), void *arg, struct err *e);

/* A position in the ended jobs. */
struct job_piece {
	int64_t ended_ms, id;
	int64_t rows; /* read by the last call */
};
#define JOB_PIECE_FIRST {.ended_ms = INT64_MAX, .id = INT64_MAX}

/* Calls each() for some thousand ended jobs of the filter, newest first, in a transaction of its
 * own. Print between the calls: a reader that stalls would keep SQLite from checkpointing the log.
 * Returns 1 if there may be more, 0 if not or if each() stopped it, -1 on error. */
int job_each_ended(struct db *db, const struct job_filter *f, struct job_piece *at,
		   int (*each)(void *arg, const struct job *j), void *arg, struct err *e);

/* Adds the forecast to a queued job. */
int job_foresee(struct db *db, int64_t workers, struct job *j, struct err *e);

/* The attempts of a job, oldest first. Strings are borrowed for the call. */
struct attempt {
	int64_t job, attempt, started_ms, ended_ms;
	struct attempt_result result;
};
int attempt_each(struct db *db, int64_t job, int (*each)(void *arg, const struct attempt *a),
		 void *arg, struct err *e);

/* An ended or held job with the times of its stages, for figures. Times are wall times, 0: none.
 * Strings are borrowed. */
struct stat_row {
	int64_t job;
	const char *image, *repo, *origin, *cause, *class;
	enum job_state state;
	bool reused;
	int64_t created_ms, started_ms, ended_ms; /* started: its first attempt */
	int64_t checkout_ms, build_ms, check_ms, boot_ms, store_ms, publish_ms;
	int64_t cpu_ms, mem_peak_bytes;
};
/* Calls each() for the held jobs, and then for the ended ones, newest first, until it returns
 * non-zero. Of the filter, image, repo and age_ms count. Returns 0, or -1 on error. */
int stat_each(struct db *db, const struct job_filter *f,
	      int (*each)(void *arg, const struct stat_row *s), void *arg, struct err *e);

/* The append-only event log of a job (0: of the node), oldest first. Strings are borrowed. */
struct event {
	int64_t id, at_ms, job, attempt;
	const char *image, *event, *detail, *who;
	const char *repo; /* of event_each_after() alone: its job's, "" if that is gone */
};
int event_each(struct db *db, int64_t job, int (*each)(void *arg, const struct event *ev),
	       void *arg, struct err *e);

/* Events of all jobs and of the node, in the order of their numbers. */
struct event_piece {
	const char *image; /* NULL: all; borrowed */
	bool has_node;     /* also events without a repository: of the node, or of lost rows */
	int64_t after;     /* the last number seen; moves on */
};

/* Calls each() for at most `most` events after at->after, in one transaction, until it returns
 * non-zero; it moves at->after over hidden events, too. Returns 1 if there may be more, 0 if not,
 * -1 on error. */
int event_each_after(struct db *db, struct event_piece *at, int64_t most,
		     int (*each)(void *arg, const struct event *ev), void *arg, struct err *e);

/* Sets at->after so that n events follow, or fewer: only the last 100,000 events are searched.
 * Returns 0, or -1 on error. */
int event_seek_last(struct db *db, struct event_piece *at, int64_t n, struct err *e);

/* An event with its job and its attempt. Times are of the steady clock, 0: none. Strings are
 * borrowed. */
struct past {
	int64_t event, at_ms, job, attempt;
	const char *name, *origin, *cause;
	int64_t created_ms, started_ms; /* of the job; of the attempt */
	bool has_ended;    /* the attempt */
	bool is_first_end; /* the first event that ends this attempt, or a job without one */
	int64_t checkout_ms, build_ms, check_ms, boot_ms, store_ms, publish_ms;
	int64_t cpu_ms, mem_peak_bytes;
};

/* Calls each() for at most `most` events after that one, oldest first. Event numbers grow with the
 * commits, so nobody who goes on after the last one misses any. */
int history_each(struct db *db, int64_t after, int64_t most,
		 void (*each)(void *arg, const struct past *p), void *arg, struct err *e);

/* The number of the newest event, 0 if there is none. */
int history_newest(struct db *db, int64_t *event, struct err *e);

/* How much of the history stays; 0: no limit. Open jobs, the newest jobs of an image and the one
 * that was published last always stay. */
struct history_keep {
	int64_t age_ms; /* since a job ended */
	int64_t jobs;   /* that ended */
};
enum { HISTORY_OLD = 1000 };
struct history_old {
	int64_t jobs[HISTORY_OLD]; /* those to forget next, the oldest first */
	int n;
	bool busy; /* a job runs, or may begin */
	bool far;  /* more than a tenth above the number */
};
/* Only reads. Returns 0, or -1 on error. */
int history_old(struct db *db, const struct history_keep *keep, struct history_old *out,
		struct err *e);
/* Deletes n ended jobs with their attempts, publications and events in one transaction. */
int history_forget(struct db *db, const int64_t *jobs, int n, struct err *e);
/* Deletes at most `most` events of the node that are older than age_ms; *n counts them. */
int history_forget_node(struct db *db, int64_t age_ms, int most, int64_t *n, struct err *e);

/* Whether the log has this event: 1, 0, or -1 on error. 0: it is another queue's. */
int history_has(struct db *db, int64_t event, int64_t at_ms, int64_t job, struct err *e);

#endif
