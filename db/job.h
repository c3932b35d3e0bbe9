/*
 * job: the wish to bring one image to one commit.
 *
 * Every state change names the attempt that makes it, and fails with ERR_US and sys ESTALE ("job 42
 * is not running attempt 3") when the row has moved on: a late verdict changes nothing. Rows hold times
 * of the steady clock, and so do arguments (db_now_ms); what is read says them in terms of the wall clock in force (lib/steady.h). At most one queued, one running, one built and one held job per image (unique partial
 * indexes). Texts of more than 1000 bytes are cut when they are stored.
 */
#ifndef HORNERO_DB_JOB_H
#define HORNERO_DB_JOB_H

#include "db/db.h"
#include "lib/uuid.h"

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

/* What a built job waits for begins so where its publication failed and is tried again. */
#define JOB_WAITS_RETRIED "tried again by itself: "

struct job_wish {
	const char *image;     /* UUID */
	const char *repo;
	const char *ref;
	const char *commit;    /* object id the ref had */
	const char *origin;    /* "push", "sweep", "rebuild", "retry", "rollback", "undo", "verify", "confirm" */
	const char *pushed_by; /* NULL: unknown */
	const char *inputs;    /* what the sweep found the image to want besides the commit, or NULL */
	const char *note;      /* what the event log says of it, or NULL: the origin */
	bool force;            /* build although the content key is known */
	bool clean;            /* from an empty checkout and cache; implies force */
	bool is_lost_push;     /* of a sweep: a pusher waits for it, so it does not go behind what pushes queue */
	int64_t not_before_ms; /* wall; 0: now */
	int priority;          /* more than 0: before others, less: behind them */
};

bool job_is_confirm(const char *origin);

struct job_receipt {
	int64_t id;
	bool joined;          /* an equal queued job was there already: its id */
	int64_t superseded;   /* the queued job that this one replaced, or 0 */
};

/* A newer wish of an image replaces its queued one and its held one (both become `superseded`, naming the
 * new one); the new one is forced or clean if the queued one was. An equal wish (same commit, ref, repo; force
 * and clean not stronger) joins the queued one instead, and ends its back-off unless the sweep is asking.
 * Wishes of the sweep have a later priority than all others that do not ask for one. */
/* One of origin "confirm" (a clean build of what is warm, when there is nothing else to do) comes behind all others: where any job of
 * its image is queued it joins that one and changes nothing, and any other wish takes its place. */
int job_enqueue(struct db *db, const struct job_wish *w, struct job_receipt *r, struct err *e);

/* A row as listings show it. Strings are owned by the struct (job_fini), "" for NULL. */
struct job {
	int64_t id;
	char image[UUID_LEN + 1];
	char *repo, *ref, *commit, *origin, *pushed_by;
	enum job_state state;
	bool force, clean;
	int64_t priority;      /* as in a wish; of the sweep's: -1 */
	int64_t attempt;       /* 0 before the first */
	int64_t crashes;       /* attempts that crashed: three hold the job */
	int64_t superseded_by; /* or 0 */
	int64_t not_before_ms; /* back-off: not claimed before; 0 */
	char *reason;          /* why failed, held, requeued, superseded; "" */
	char *waiting_for;     /* why a built one waits; "" */
	char *key, *digest, *tree, *inputs, *builder, *built_commit;
	char *how_built;       /* "clean", "incremental", "confirmed": how the build of its artifact began; "" */
	bool reused;           /* published an artifact that was there already */
	int64_t created_ms, started_ms, built_ms, ended_ms; /* 0: not yet */
};
void job_fini(struct job *j);

static inline void job_end(struct job *j)
{
	job_fini(j);
}
#define own_job __attribute__((cleanup(job_end)))

/* Whether a job of this image may begin. Asked within the transaction: it uses no database. */
typedef bool job_may(const void *arg, const char *image);

/* queued → running, attempt + 1: the oldest claimable one by (priority, id) whose image has none running, and may (NULL: all).
 * 1 claimed (*out filled), 0 nothing to claim, -1. */
/* idle: those of origin "confirm" alone, else all but those. A claim supersedes a running confirmation of the same image. */
int job_claim(struct db *db, int64_t now_ms, bool idle, job_may *may, const void *arg, struct job *out, struct err *e);

/* When the next queued job leaves its back-off, or 0 for none. */
int job_next_due(struct db *db, int64_t now_ms, int64_t *due_ms, struct err *e);

/* What an attempt came to; NULL or 0 where unknown. Goes into the attempt's row. */
struct attempt_result {
	const char *class;   /* err_class_name, "none" when all went well */
	const char *cause;   /* a word of state/cause.h */
	const char *reason;  /* one sentence for people */
	const char *commit, *tree, *key, *inputs, *builder, *digest, *how_built;
	bool reused;
	int64_t size_bytes;
	int64_t checkout_ms, build_ms, check_ms, boot_ms, store_ms;
	int64_t cpu_ms, mem_peak_bytes;
};

/* running → built; an older job of the image that waits in built becomes superseded by it. */
int job_set_built(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r, struct err *e);
/* built → published, with the row of the publication under `name` of the cache. remark: a sentence for people, or NULL. */
int job_set_published(struct db *db, int64_t id, int64_t attempt, const char *name, int64_t publish_ms, const char *remark,
		      struct err *e);
/* An event of a built job that changes nothing. */
int job_note_built(struct db *db, int64_t id, int64_t attempt, const char *event, const char *detail, struct err *e);
/* running → published, without a publication: what is warm is what it made. */
int job_set_confirmed(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r, struct err *e);
/* What became of an ended job later: an event, and the reason of a published one. 1 if said now, 0 if
 * it says so already or there is no such job, -1 on error. */
int job_remark(struct db *db, int64_t id, const char *event, const char *text, struct err *e);
/* running or built → failed. */
int job_set_failed(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r, struct err *e);
/* running → cancelled: the agent has ended the attempt at a person's wish. */
int job_set_cancelled(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r, struct err *e);
/* running, or built whose artifact is gone → queued with a back-off; superseded instead where a newer one is
 * queued. crash: counts towards held. */
int job_set_requeued(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r, int64_t not_before_ms,
		     bool crash, struct err *e);
/* running or built → held; superseded instead where a newer one is queued. */
int job_set_held(struct db *db, int64_t id, int64_t attempt, const struct attempt_result *r, struct err *e);
/* built stays built, and says for what. No event if the text is the same. */
int job_set_waiting(struct db *db, int64_t id, int64_t attempt, const char *waiting_for, struct err *e);

/* Start-up, nobody running: every running job as job_set_requeued would, CAUSE_CRASH or CAUSE_STOPPED.
 * After a crash it waits a second per attempt so far. The death of hornerod is never the job's: it holds none. *n counts the jobs. */
int job_recover(struct db *db, bool crash, int64_t *n, struct err *e);

/* A person's: queued, held or built → cancelled. 1 done, 0 it runs (the agent must end it), -1 (ERR_USAGE: ended already). */
int job_cancel(struct db *db, int64_t id, const char *who, struct err *e);
/* A job whose state may_retry: enqueue its wish again with origin "retry". ERR_USAGE where it is in another state,
 * or where the image has a newer job (that was not superseded). */
int job_retry(struct db *db, int64_t id, const char *who, struct job_receipt *r, struct err *e);

/* 1 found, 0 no such job, -1. */
int job_get(struct db *db, int64_t id, struct job *out, struct err *e);
/* Its newest confirmation that is not superseded: 1, 0, -1. */
int job_newest_confirm(struct db *db, const char *image, struct job *out, struct err *e);
/* The newest job of an image that is neither superseded nor a confirmation: 1, 0, -1. */
int job_newest(struct db *db, const char *image, struct job *out, struct err *e);

enum job_scope {
	JOB_SCOPE_OPEN,   /* queued, running, built, held */
	JOB_SCOPE_RECENT, /* those, and the last 20 that ended */
	JOB_SCOPE_ALL,
	JOB_SCOPE_BUILT,  /* waiting for the cache, oldest first */
};
/* In the order of a queue: running, built, queued by (priority, id), held, then ended ones newest first.
 * each() returning non-zero stops. The row is borrowed. each() may read by the same handle, not write. */
int job_each(struct db *db, enum job_scope scope, int (*each)(void *arg, const struct job *j), void *arg, struct err *e);

/* How far one has come in the ended jobs. */
struct job_piece {
	int64_t ended_ms, id;
	int64_t rows; /* that the last call looked at */
};
#define JOB_PIECE_FIRST {.ended_ms = INT64_MAX, .id = INT64_MAX}

/* Ended jobs, newest first, some thousand a call and a transaction each: whoever prints them does that in between, since
 * a reader who does not read would keep the log of the database from being written back. 1 there may be more, 0, -1. */
int job_each_ended(struct db *db, struct job_piece *at, int (*each)(void *arg, const struct job *j), void *arg, struct err *e);

/* Attempts of a job, oldest first. Strings borrowed for the call. */
struct attempt {
	int64_t job, attempt, started_ms, ended_ms;
	struct attempt_result result;
};
int attempt_each(struct db *db, int64_t job, int (*each)(void *arg, const struct attempt *a), void *arg, struct err *e);

/* The append-only event log: what happened to a job (0: to the node), oldest first. Strings borrowed. */
struct event {
	int64_t id, at_ms, job, attempt;
	const char *image, *event, *detail, *who;
};
int event_each(struct db *db, int64_t job, int (*each)(void *arg, const struct event *ev), void *arg, struct err *e);

#endif
