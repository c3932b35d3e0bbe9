/*
 * attempts: those that run, or ended and are not settled. Each is listed until its supervisor is
 * reaped, its group empty and its row written.
 */
#ifndef HORNERO_AGENT_HORNEROD_ATTEMPTS_H
#define HORNERO_AGENT_HORNEROD_ATTEMPTS_H

#include "agent/cgroup/cgroup.h"
#include "agent/common/verdict.h"
#include "lib/process.h"
#include "lib/spawn.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct agent;

struct attempt_run {
	struct attempt_run *next;
	struct agent *agent;
	int64_t job, number;
	char image[UUID_LEN + 1];
	struct child supervisor;
	sd_event_source *watch;
	struct cg_leaf leaf;
	bool has_leaf;
	bool confirms; /* a confirmation: it holds no worker, and ends for any other build */
	bool had_company;          /* another attempt ran beside it for a while, or may have */
	bool told;                 /* that its group does not get empty */
	enum {
		RUN_FREE,
		RUN_FROZEN,
		RUN_UNKNOWN
	} frozen;                  /* unknown: as the life before us left it */
	enum cause ended_by;       /* why we killed it, or CAUSE_NONE */
	struct process_still still; /* of its supervisor */
	int64_t killed_ms;         /* monotonic, when it was first killed; 0: not */
	char hung[128];            /* why we killed a supervisor that did not work; "": it did */
	bool settled;              /* its row is written; a group or a supervisor does not end */
	bool ended;                /* reaped, or given up; verdict says how */
	struct verdict verdict;
};

/* NULL on error. */
struct attempt_run *attempt_add(struct agent *a, int64_t job, int64_t number, const char *image,
				struct err *e);
/* Its end arrives through the loop. why NULL: nobody wished it. */
void attempt_kill(struct attempt_run *r, enum cause why);
void attempt_forget(struct attempt_run *r);

#endif
