/*
 * agent: hornerod's one struct, and who does what with it. Calls go down this list, never up: whoever needs a turn asks
 * soon.c for it, and the loop takes it.
 *
 * a life of hornerod
 *   main.c             options, start and stop in the right order
 *   loop.c             doorbell, signals, timer, watchdog: when to take a turn
 *   handover.c         a reload: the next life of the same process, and what it is told
 * a turn
 *   turn.c             what a turn does: claim, publish, set the timer
 *   stuck.c            children that neither work nor end, and who else blocks the queue
 *   healing.c          a damaged queue is replaced, and what it held queued again
 *   looking.c          what a hook could not tell the queue: a sweep of single repositories
 *   pausing.c          what stands still while the node is under pressure, or because a person wants so
 *   floors.c           nothing is begun where the disk is too full
 *   sweeping.c         the sweep, hornero-keep, hornero-collect and hornero-scrub as children
 *   yielding.c         how far builds come after everything else
 * attempts and publications
 *   attempt.c          one attempt begins: cgroup, supervisor
 *   attempt_known.c    an attempt that needs no supervisor
 *   attempt_end.c      it ends: verdict, the job's next state
 *   publication.c      one publication: fence, publisher, the job's next state
 *   published.c        what the publisher did: records, the job's last state
 *   confirming.c       clean builds that confirm incremental ones, when nothing else is to be done
 * what the others stand on
 *   attempts.c         the attempts that run
 *   publications.c     the publications in flight, and the images whose next one waits
 *   upkeep.c           one child that looks after store, cache and queue
 *   earlier.c          supervisors of a life that was killed
 *   leftover_groups.c  processes of a life that was killed which do not end
 *   leftover.c         what those who were killed left on disk
 *   fence.c            who may publish an image now
 *   foreign.c          files that stopped a publication
 *   pressure.c         what the node is short of;
 *   others.c           how long everybody else on the node has to wait
 *   soon.c             when the next turn is due
 *
 * One thread. Nothing here blocks but short file and database work.
 */
#ifndef HORNERO_AGENT_HORNEROD_AGENT_H
#define HORNERO_AGENT_HORNEROD_AGENT_H

#include "agent/common/answer.h"
#include "agent/cgroup/cgroup.h"
#include "agent/hornerod/pressure.h"
#include "agent/common/verdict.h"
#include "conf/conf.h"
#include "state/pause.h"
#include "db/db.h"
#include "db/job.h"
#include "lib/bell.h"
#include "lib/process.h"
#include "lib/slack.h"
#include "lib/spawn.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

struct agent;

/* A running attempt. Ends when its supervisor is reaped and its cgroup empty. */
struct attempt_run {
	struct attempt_run *next;
	struct agent *agent;
	int64_t job, number;
	char image[UUID_LEN + 1];
	struct child supervisor;
	sd_event_source *watch;
	struct cg_leaf leaf;
	bool has_leaf;
	bool confirms;             /* a confirmation: it holds no worker, and ends for whatever else is to be built */
	bool had_company;          /* another attempt ran beside it for a while, or may have */
	bool told;                 /* that its group does not get empty */
	enum { RUN_FREE, RUN_FROZEN, RUN_UNKNOWN } frozen; /* unknown: as the life before us left it */
	const char *ended_by;      /* NULL, or why we killed it: "cancelled", "stopped" */
	struct process_still still; /* of its supervisor */
	int64_t killed_ms;         /* monotonic, when it was first killed; 0: not */
	char hung[128];            /* why we killed a supervisor that did not work; "": it did */
	bool settled;              /* its row is written; it stays listed for a group or a supervisor that does not end */
	bool ended;                /* reaped, or given up; verdict says how. Stays listed until cgroup and row are settled */
	struct verdict verdict;
};

/* Whose publication is not tried again before a time. */
struct pause {
	struct pause *next;
	char image[UUID_LEN + 1];
	int64_t until_ms;          /* monotonic */
};

/* A publication; in flight until its publisher has ended, or is given up: one that hangs in the kernel can change Nova's cache
 * only under Nova's lock, for which the next one waits. */
struct publication {
	struct publication *next;
	struct agent *agent;
	int64_t job, attempt;
	char image[UUID_LEN + 1];
	struct verdict verdict;
	int socket;                /* -1: it has spoken, and only its end is awaited */
	struct child publisher;    /* pid 0 where a socket unit serves us */
	sd_event_source *watch;    /* of the socket, then of its end */
	sd_event_source *patience; /* until it is killed; behind a socket unit, until it is to say something */
	pid_t process;             /* of its publisher; behind a socket unit as it said, and 0 before */
	struct process_still still;
	int64_t start_ms;          /* monotonic */
	int64_t killed_ms;         /* monotonic, when it was first killed; 0: not */
	bool given_up;             /* it neither works nor ends, and another one may publish the image; listed until it ends */
	bool answered;
};

/* A program of ours that looks after store, cache and queue, one of each at a time. */
struct upkeep {
	struct child child;        /* pid 0: none */
	sd_event_source *watch;    /* of its end */
	sd_event_source *patience; /* until it is killed */
	struct process_still still;
	int64_t beat_ns;           /* of hornero-scrub, when it was looked at last */
	const char *name;
	struct agent *agent;
};

/* A supervisor of a life of hornerod that was killed. */
struct earlier {
	struct earlier *next;
	pid_t pid;
	int pidfd;
};

/* What is below its floor, in words as they were when it began to be; "": nothing. */
struct floors {
	char store[FLOOR_WHY], work[FLOOR_WHY], cache[FLOOR_WHY];
	int64_t collect_ms;  /* monotonic: no further collection for it before */
	bool is_told;
};

/* Repositories whose refs a hook could not put into the queue, and the hornero-sweep that looks at some of them. */
enum { LOOKS_MAX = 32 };
struct looks {
	struct upkeep sweep;
	char repos[LOOKS_MAX][BELL_REPO_MAX + 1];
	size_t n;                  /* of repos */
	size_t at_work;            /* the first ones: the sweep looks at those */
	int64_t next_ms;           /* monotonic: not before */
};

struct agent {
	struct conf *conf;
	const char *conf_path;
	const char *program;       /* what a reload executes: this program's path, whatever stands there by then */
	char *past;                /* what the life before us handed over, until it is taken */
	struct db *db;
	int64_t generation;        /* of the queue that our rows are in: db_generation */
	struct cg *cg;             /* NULL: isolation none */
	sd_event *loop;
	int lock, bell;
	sd_event_source *timer;
	struct attempt_run *attempts;
	struct publication *publications;
	struct upkeep sweep, keep, collect, scrub; /* hornero-sweep, -keep, -collect, -scrub */
	struct looks looks;
	int64_t next_sweep_ms;     /* monotonic */
	int64_t next_keep_ms;      /* monotonic */
	int64_t next_collect_ms;   /* monotonic */
	int64_t next_scrub_ms;     /* monotonic */
	int64_t images_mtime_ns;   /* of images_dir when the last sweep started */
	struct pause *pauses;
	int publisher_deaths;      /* without a word, one after the other */
	struct foreign *foreign;   /* files that stopped a publication */
	struct pressure pressure;
	struct paused paused;      /* as the last turn found it */
	bool draining;             /* an operator wants nothing to start */
	int64_t next_look_ms;      /* at the pressure; monotonic */
	struct slack slack;        /* of the processors */
	sd_event_source *yield_timer; /* while something is built; else NULL */
	bool yield_told;           /* that it is not ours to set */
	struct floors floors;
	struct earlier *earlier;   /* that do not end */
	pid_t holder;              /* of the queue's ticket, as the last look found it */
	struct process_still holder_still;
	int64_t next_stuck_ms;     /* monotonic */
	bool stuck_told;           /* RUN_DIR/stuck is there */
	bool stopping;
};

enum {
	AGENT_DB_WAIT_MS = 2000,
	AGENT_RETRY_MS = 1000,         /* what could not be settled is tried again; so is a deferred publication */
	AGENT_PUBLISH_AGAIN_MS = 5000, /* after a publication failed */
};

/* main.c: nobody builds as root. */
int agent_check_user(const struct conf *c, struct err *e);

/* loop.c */
int agent_loop_init(struct agent *a, struct err *e);
void agent_loop_fini(struct agent *a);

/* soon.c: the loop takes a turn in so long; 0: before it sleeps again. The last word counts, and each turn has one. */
void agent_soon(struct agent *a, int64_t in_ms);
/* Whether what began at start_ms (monotonic) had to wait for the queue, or for as long as that: the rest is the next turn's. */
bool agent_waited(int64_t start_ms);

/* leftover.c */
/* At start: of everybody in an earlier life. */
int leftover_clear(const struct conf *c, struct err *e);
/* Of one attempt whose supervisor did not come to its end. What cannot be removed now is, at the next start. */
void leftover_clear_attempt(const struct conf *c, int64_t job, int64_t attempt);

/* leftover_groups.c: at start, where not all groups could be cleared, for the reason why: the rest is, and what stays is tried again
 * by the turns. */
int leftover_end_groups(struct agent *a, const struct err *why, struct err *e);

/* turn.c */
void agent_turn(struct agent *a);

/* healing.c: before anything else of a turn. */
void healing_look(struct agent *a);

/* handover.c. Returns only where the reload cannot be: -1, and nothing has changed. */
int handover(struct agent *a, struct err *e);
/* What both lives must agree on, fresh: the version of the handover, and what only a start can change. */
char *handover_terms(const struct conf *c);
/* In the next life: first the lock, from the descriptor that --resume names; the rest once there is a loop. */
int handover_take_lock(struct agent *a, int state, struct err *e);
int handover_take_rest(struct agent *a, struct err *e);

/* attempt.c */
int attempt_start(struct agent *a, const struct job *j, struct err *e);
/* attempt_known.c: the verdict of an attempt whose artifact is known; false: a supervisor must look. */
bool attempt_known(const struct agent *a, const struct job *j, struct verdict *out);
/* One that the life before us started; texts are "-" where there are none. pid 0: reaped then, not settled yet. */
struct attempt_past {
	int64_t job, number, mem_mb;
	char image[UUID_LEN + 1], leaf[128], ended_by[16];
	int pid;
};
int attempt_resume(struct agent *a, const struct attempt_past *past, struct err *e);

/* attempts.c */
struct attempt_run *attempt_add(struct agent *a, int64_t job, int64_t number, const char *image, struct err *e);
/* Kill it; its end arrives through the loop. why NULL: it is nobody's wish. */
void attempt_kill(struct attempt_run *r, const char *why);
void attempt_forget(struct attempt_run *r);

/* attempt_end.c */
/* Reap its supervisor, learn how it ended, conclude. */
void attempt_finish(struct attempt_run *r);
/* One that was given up has ended after all. */
void attempt_reap(struct attempt_run *r);
/* r->verdict: the supervisor's, or ours where it left none. */
void attempt_read_verdict(struct attempt_run *r, int status);
/* What is known now as the verdict file, before anything is settled: a later life reads it there. */
void attempt_note(struct attempt_run *r);
void attempt_log_end(const struct attempt_run *r);
/* It ended as r->verdict says: its group goes, its row is written, and then r is freed. What cannot be done now is, in a later turn. */
void attempt_conclude(struct attempt_run *r);
/* Settle those that ended and could not be settled then. True: some are left. */
bool attempt_settle_ended(struct agent *a);
/* Its supervisor was killed and does not end: settle the job without it. It is reaped when it ends after all. */
void attempt_abandon(struct attempt_run *r);
/* Wait for and settle every attempt: for a stop. A process that does not end is left to the kernel. */
void attempt_stop_all(struct agent *a);

/* confirming.c */
/* The newest publication of an image may want to be confirmed, when the node is idle. */
void confirming_after(struct agent *a, const char *image);
/* Something else is to be built: confirmations end now, and are queued again. */
void confirming_yield(struct agent *a);
/* As attempt_end.c's settle, of a confirmation. */
int confirming_settle(const struct attempt_run *r, struct attempt_result *res, int64_t again_ms, struct err *e);
enum { CONFIRMING_TEXT = 256 };
/* The job's bytes are warm. Those of a confirmation differ from what was warm: the job that made that is told, and text is what
 * this one is to say; else "". Before the row says published: a death in between repeats it. */
int confirming_replaces(struct agent *a, const struct verdict *v, char text[CONFIRMING_TEXT], struct err *e);

/* pausing.c: what the pressure and people demand; */
void pausing_look(struct agent *a);
/* then, once the floors are known, whoever asks is told why nothing starts (state/standstill.h), and what runs is frozen and thawed. */
void pausing_act(struct agent *a);
/* Whether a job of this image may begin: a job_may of the agent. */
bool pausing_lets(const void *agent, const char *image);
void pausing_stop(struct agent *a);
/* What an earlier life froze is frozen still. */
void pausing_resume(struct agent *a);

/* yielding.c: at the end of each turn. */
void yielding_act(struct agent *a);

/* publication.c */
/* What goes wrong the job says: it waits, or is held. */
void publication_start(struct agent *a, const struct job *j);
struct publication_past {
	int64_t job, attempt, start_ms;
	char image[UUID_LEN + 1];
	int socket, pid; /* socket -1: it has spoken; pid 0: not our child */
	int process;     /* 0: unknown */
};
int publication_resume(struct agent *a, const struct publication_past *past, struct err *e);
/* Its publisher was killed, or may not be: go on without it, unless that was tried for this image. It may be freed. */
void publication_give_up(struct publication *p);
void publication_stop_all(struct agent *a);

/* publications.c */
struct publication *publication_add(struct agent *a, const struct job *j, const struct verdict *v, struct err *e);
/* image NULL: any at all. */
bool publication_in_flight(const struct agent *a, const char *image);
/* Nothing is heard of it any more. */
void publication_hang_up(struct publication *p);
/* It has ended. Behind a socket unit nobody tells us of the end of one that was given up. */
void publication_forget(struct publication *p);
/* This image's publication is not tried for so long; out of memory: one more try. */
void publication_pause(struct agent *a, const char *image, int64_t ms);
/* Until when (monotonic) it is not; 0: now. */
int64_t publication_paused(struct agent *a, const char *image);
void publication_forget_pauses(struct agent *a);

/* published.c */
/* An answer of the publisher: 1 it says that something is in the cache, which is recorded, 0 it says nothing of the
 * kind, -1. *is_last: nothing comes behind it. */
int published_take(struct publication *p, const struct answer *a, bool *is_last, struct err *e);
/* These very bytes are warm already: only the records learn that they satisfy this commit too. 1 settled, 0 not so, -1. */
int published_already(struct agent *a, const struct verdict *v, struct err *e);

/* foreign.c */
/* The publisher refused to replace what lies under the image's name now, for this job. */
void foreign_note(struct agent *a, const char *image, int64_t job);
/* Is it still that very file, for the same job, and has nobody let go of it? */
bool foreign_stands(const struct agent *a, const char *image, int64_t job);
void foreign_forget(struct agent *a, const char *image);
void foreign_forget_all(struct agent *a);

/* floors.c */
enum { FLOORS_AGAIN_MS = 2000 };
void floors_look(struct agent *a);
/* Why nothing is built, or published, now; NULL: it is. */
const char *floors_pause_building(const struct agent *a);
const char *floors_pause_publishing(const struct agent *a);
/* The former, once it is to be told. */
const char *floors_told(struct agent *a);

/* stuck.c */
void stuck_look(struct agent *a);
void stuck_stop(struct agent *a);

/* earlier.c: at a start, before the groups are cleared: SIGTERM to all of them; */
void earlier_end_begin(struct agent *a);
/* then: wait for them, and kill those that stay. Some may stay all the same. */
void earlier_end(struct agent *a);
/* At a reload: children that the life before had given up. */
void earlier_take_children(struct agent *a);
/* Forget those that have ended since, or all. */
void earlier_look(struct agent *a);
void earlier_forget(struct agent *a);

/* upkeep.c */
/* A child of ours with these arguments behind "-c CONF"; ended() gets the agent. */
void upkeep_start(struct agent *a, struct upkeep *u, const char *name, const char *const *options, sd_event_io_handler_t ended);
/* Its wait status; logged where its exit code is neither 0 nor expected. */
int upkeep_reap(struct upkeep *u, int expected);
void upkeep_stop(struct upkeep *u);

/* sweeping.c */
void sweeping_start(struct agent *a);
void keeping_start(struct agent *a);
void collecting_start(struct agent *a);
/* Where one is wished and due; next_scrub_ms says when to ask again. */
void scrubbing_start(struct agent *a);
void sweeping_stop(struct agent *a);

/* looking.c */
/* Somebody could not tell the queue of this repository's refs; "": of any. */
void looking_add(struct agent *a, const char *repo);
void looking_start(struct agent *a);
/* In how long looking_start has something to do. */
int64_t looking_in_ms(const struct agent *a);

/* fence.c: "JOB ATTEMPT TOKEN" becomes what a publisher of this image must have been told. */
enum { FENCE_TOKEN = 32 };
int fence_set(const struct conf *c, const char *image, int64_t job, int64_t attempt, char token[FENCE_TOKEN + 1],
	      struct err *e);

#endif
