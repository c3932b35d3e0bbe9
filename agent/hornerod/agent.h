/*
 * agent: hornerod's one struct, and who does what with it. Calls go down this list, never up: a
 * callback that needs a turn asks soon.c for it, and the loop takes it.
 *
 * a life of hornerod
 *   main.c             options, start and stop in the right order
 *   loop.c             doorbell, signals, timer, watchdog: when to take a turn
 *   handover.c         a reload: the next life of the same process, and what it is told
 *   leftover_groups.c  processes of a life that was killed which do not end
 * a turn
 *   turn.c             what a turn does: claim, publish, set the timer
 *   stuck.c            children that neither work nor end, and who else blocks the queue
 *   healing.c          a damaged queue is replaced, and what it held queued again
 *   looking.c          what a hook could not tell the queue: a sweep of single repositories
 *   pausing.c          what stands still while the node is under pressure, or because a person
 * wants so floors.c           nothing is begun where the disk is too full sweeping.c         the
 * sweep, hornero-keep, hornero-collect and hornero-scrub as children yielding.c         how far
 * builds come after everything else attempts and publications attempt.c          one attempt
 * begins: cgroup, supervisor attempt_known.c    an attempt that needs no supervisor attempt_end.c
 * it ends: verdict, the job's next state publication.c      one publication: fence, publisher, the
 * job's next state published.c        what the publisher did: records, the job's last state
 *   confirming.c       clean builds that confirm incremental ones, when nothing else is to be done
 * what the others stand on
 *   attempts.c         the attempts that run
 *   publications.c     the publications in flight, and the images whose next one waits
 *   upkeep.c           one child that looks after store, cache and queue
 *   earlier.c          supervisors of a life that was killed
 *   leftover.c         what those who were killed left on disk
 *   foreign.c          files that stopped a publication
 *   pressure.c         what the node is short of;
 *   others.c           how long everybody else on the node has to wait
 *   soon.c             when the next turn is due
 *
 * One thread. Nothing here blocks but short file and database work.
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
	const char *program; /* what a reload executes: this program's path, whatever stands there
				by then */
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
	AGENT_RETRY_MS =
		1000, /* what could not be settled is tried again; so is a deferred publication */
	AGENT_PUBLISH_AGAIN_MS = 5000, /* after a publication failed */
};

/* loop.c */
int agent_loop_init(struct agent *a, struct err *e);
void agent_loop_fini(struct agent *a);

/* turn.c */
void agent_turn(struct agent *a);

/* healing.c: before anything else of a turn. Returns whether something is left for a turn a second
 * later. */
bool healing_look(struct agent *a);

/* stuck.c */
void stuck_look(struct agent *a);
void stuck_stop(struct agent *a);

/* yielding.c: at the end of each turn. */
void yielding_act(struct agent *a);

/* soon.c */
/* The loop takes a turn in so long; 0: before it sleeps again. The last call counts, and each turn
 * ends with one. */
void agent_soon(struct agent *a, int64_t in_ms);
/* Whether what began at start_ms (monotonic) had to wait for the queue, or took as long: the rest
 * is the next turn's. */
bool agent_waited(int64_t start_ms);

#endif
