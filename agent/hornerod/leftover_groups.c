/* leftover_groups: groups of an earlier hornerod that the start could not clear. DIAGNOSTICS: a
 * group that does not become empty is logged. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempts.h"
#include "agent/hornerod/leftover.h"

#include "lib/fs.h"
#include "lib/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Lists the group as an ended attempt: each turn tries to settle those. Its job is queued again. */
static int list(struct agent *a, const char *path, struct err *e)
{
	const char *name = strrchr(path, '/');
	int64_t job, number;
	struct attempt_run *r;

	if (sscanf(name ? name + 1 : path, "%" SCNd64 ".%" SCNd64, &job, &number) != 2)
		job = number = 0;
	r = attempt_add(a, job, number, "-", e);
	if (!r)
		return -1;
	r->leaf = (struct cg_leaf){.path = fs_path("%s", path)};
	r->has_leaf = true;
	r->logged = true;
	r->ended = true;
	r->leaf.ending_ms = 1; /* long ago: do not wait for it */
	r->ended_by = CAUSE_STOPPED;
	return 0;
}

/* Sends SIGKILL to all processes; lists a group with a process that hangs in the kernel. */
static int end_group(void *agent, const char *path, struct err *e)
{
	struct agent *a = agent;
	struct cg_leaf leaf = {.path = fs_path("%s", path)};
	struct err why = ERR_INIT;

	for (const struct attempt_run *r = a->attempts; r; r = r->next)
		if (strcmp(r->leaf.path, path) == 0) {
			free(leaf.path);
			return 0;
		}
	if (cg_leaf_end(a->cg, &leaf, &why) == 0)
		return 0;
	free(leaf.path);
	log_warn("event=group-stays group=%s %s; no build uses it; hornerod tries again at each "
		 "turn",
		 path, why.msg);
	return list(a, path, e);
}

int leftover_end_groups(struct agent *a, const struct err *why, struct err *e)
{
	if (why->class != ERR_US) {
		*e = *why;
		return -1;
	}
	return cg_each_left(a->cg, end_group, a, e);
}
