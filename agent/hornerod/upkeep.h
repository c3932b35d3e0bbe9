/*
 * upkeep: one child that looks after store, cache or queue.
 */
#ifndef HORNERO_AGENT_HORNEROD_UPKEEP_H
#define HORNERO_AGENT_HORNEROD_UPKEEP_H

#include "lib/process.h"
#include "lib/spawn.h"

#include <stdint.h>
#include <systemd/sd-event.h>

struct agent;

struct upkeep {
	struct child child;        /* pid 0: none */
	sd_event_source *watch;    /* of the child's end */
	sd_event_source *kill_timer; /* when it is killed */
	struct process_still still;
	int64_t beat_ns;           /* hornero-scrub's last sign of life */
	const char *name;
	struct agent *agent;
};

/* Starts the program NAME with these options behind "-c CONF"; ended() gets the agent. */
void upkeep_start(struct agent *a, struct upkeep *u, const char *name, const char *const *options,
		  sd_event_io_handler_t ended);
/* Returns its wait status, which is logged if its exit code is neither 0 nor expected. */
int upkeep_reap(struct upkeep *u, int expected);
/* Kills it. Blocks for a bounded time. */
void upkeep_stop(struct upkeep *u);

#endif
