/*
 * attempts: the attempts that run, or ended and are not settled. Each is listed until its
 * supervisor is reaped, its group is empty, and its row is written.
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

enum { ATTEMPT_GROUP = 64 };

struct attempt_run {
	struct attempt_run *next;
	struct agent *agent;
	int64_t job, number;
	char image[UUID_LEN + 1];
	char group[ATTEMPT_GROUP]; /* the builder's; in which it runs */
	struct child supervisor;
	sd_event_source *watch;
	int staged;                /* eventfd: the artifact is staged; -1 */
	sd_event_source *staged_watch;
	struct cg_leaf leaf;
	bool has_leaf;
	bool confirms; /* a confirmation: takes no worker, and ends when another build starts */
	bool ran_concurrently;     /* another attempt may have run at the same time */
	bool logged;               /* logged that its group does not become empty */
	enum {
		RUN_FREE,
		RUN_FROZEN,
		RUN_UNKNOWN
	} frozen;                  /* unknown: taken over from the last life */
	enum cause ended_by;       /* why we killed it, or CAUSE_NONE */
	struct process_still still; /* the supervisor */
	int64_t killed_ms;         /* monotonic, first kill; 0: not killed */
	char hung[128];            /* why we killed the supervisor; "": it worked */
	bool settled;              /* row written, but a group or supervisor does not end */
	bool ended;                /* reaped or given up; verdict is valid */
	struct verdict verdict;
};

/* Finds the builder's group: of the image file's builder, else of the one that built it last. */
void attempt_group(const struct agent *a, const char *image, char group[ATTEMPT_GROUP]);

/* Returns NULL on error. */
struct attempt_run *attempt_add(struct agent *a, int64_t job, int64_t number, const char *image,
				struct err *e);
/* The loop is told when it ends. why: CAUSE_NONE if hornerod itself gave up on it. */
void attempt_kill(struct attempt_run *r, enum cause why);
void attempt_forget(struct attempt_run *r);

#endif
