/*
 * agent: hornerod's one struct, and which file does what with it. Calls go down this list, never
 * up: a callback that needs a turn asks soon.c for it, and the loop takes it.
 *
 * a life of hornerod
 *   main.c             options; starts and stops everything in the right order
 *   loop.c             doorbell, signals, timer, watchdog: when to take a turn
 *   handover.c         a reload: what the next life of the same process is told
 *   leftover_groups.c  groups of a killed life whose processes do not end
 * a turn
 *   turn.c             what a turn does: claim, publish, set the timer
 *   stuck.c            children that hang, and processes that block the queue
 *   healing.c          replaces a damaged queue and queues its jobs again
 *   looking.c          sweeps the repositories whose hook could not write to the queue
 *   standstill.c       freezes builds while the node is under pressure or paused
 *   floors.c           starts nothing while a disk is too full
 *   sweeping.c         hornero-sweep, -keep, -collect and -scrub as children
 *   yielding.c         lets builds come after everything else
 * attempts and publications
 *   attempt.c          starts an attempt: cgroup, supervisor
 *   attempt_known.c    an attempt that needs no supervisor
 *   attempt_end.c      ends an attempt: verdict, the job's next state
 *   publication.c      one publication: fence, publisher, the job's next state
 *   publication_early.c  has an artifact copied while its digest is made
 *   publication_end.c  records what the publisher did; the job's last state
 *   confirming.c       clean builds that confirm incremental ones while the node is idle
 * what the others use
 *   attempts.c         the attempts that run
 *   publications.c     the publications in flight, and the images whose next one waits
 *   upkeep.c           one child that looks after store, cache and queue
 *   earlier.c          supervisors of a killed life
 *   leftover.c         files that killed processes left on disk
 *   foreign.c          files that stopped a publication
 *   pressure.c         which resource the node is short of
 *   foreign_stall.c    how long all other processes of the node have to wait
 *   soon.c             when the next turn is due
 *
 * One thread. Only short file and database work may block.
 */
#ifndef HORNERO_AGENT_HORNEROD_AGENT_H
#define HORNERO_AGENT_HORNEROD_AGENT_H

#include "agent/hornerod/floors.h"
#include "agent/hornerod/looking.h"
#include "agent/hornerod/pressure.h"
#include "agent/hornerod/upkeep.h"
#include "conf/conf.h"
#include "db/db.h"
#include "lib/process.h"
#include "lib/slack.h"
#include "state/pause.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

struct agent {
	struct conf *conf;
	const char *conf_path;
	const char *program;       /* this program's path, which a reload executes */
	char *past;                /* the last life's state, until we have taken it over */
	struct db *db;
	int64_t generation;        /* of the queue that has our rows: db_generation */
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
	int publisher_deaths;      /* in a row, without a reply */
	struct foreign *foreign;   /* files that stopped a publication */
	struct pressure pressure;
	struct paused paused;      /* as the last turn found it */
	bool draining;             /* an operator drains the node: nothing starts */
	int64_t next_look_ms;      /* when to read the pressure; monotonic */
	struct slack slack;        /* of the processors */
	sd_event_source *yield_timer; /* NULL while nothing is built */
	bool yield_logged;         /* logged that we may not set it */
	struct floors floors;
	struct earlier *earlier;   /* supervisors that do not end */
	pid_t holder;              /* of the queue's ticket, as the last look found it */
	struct process_still holder_still;
	int64_t next_stuck_ms;     /* monotonic */
	int64_t next_holder_ms;    /* the same */
	bool stuck_written;        /* RUN_DIR/stuck exists */
	bool stopping;
};

enum {
	AGENT_DB_WAIT_MS = 2000,
	AGENT_RETRY_MS = 1000, /* unsettled attempts, deferred publications */
	AGENT_PUBLISH_AGAIN_MS = 5000, /* after a publication failed */
};

/* loop.c */
int agent_loop_init(struct agent *a, struct err *e);
void agent_loop_fini(struct agent *a);

/* turn.c */
void agent_turn(struct agent *a);

/* healing.c: called first in a turn. Returns true if a turn is needed a second later. */
bool healing_look(struct agent *a);

/* stuck.c */
void stuck_look(struct agent *a);
/* Looks at the process that holds the queue. Called after a turn's work: it takes 10 ms. */
void stuck_look_at_queue(struct agent *a);
void stuck_stop(struct agent *a);

/* yielding.c: called last in a turn. */
void yielding_act(struct agent *a);

/* soon.c */
/* Sets when the loop takes its next turn; 0: before it sleeps again. The last call counts. Each
 * turn ends with one. */
void agent_soon(struct agent *a, int64_t in_ms);
/* Whether work that began at start_ms (monotonic) has taken as long as a wait for the queue. If so,
 * leave the rest to the next turn. */
bool turn_exhausted(int64_t start_ms);

#endif
