/*
 * try_group: the control group of a build by hand, with the limits that an attempt of its builder
 * would have.
 *
 *     try_group_join(&g, c, &b);      before the first stage
 *     … stages; SIGTERM is blocked, and ends the running one …
 *     try_group_leave(&g, &b);
 *
 * DIAGNOSTICS: without a usable group the build runs without limits, and its log says why.
 */
#ifndef HORNERO_AGENT_BUILD_TRY_GROUP_H
#define HORNERO_AGENT_BUILD_TRY_GROUP_H

#include "agent/build/build.h"
#include "agent/cgroup/cgroup.h"

#include <signal.h>

struct try_group {
	struct cg *cg; /* NULL without a group */
	struct cg_leaf leaf;
	sigset_t before;
};

/* Sets the limits in c to those in force. */
void try_group_join(struct try_group *g, struct conf *c, struct build *b);
/* Says what the build used, and removes the group. A SIGTERM that came in between ends us here. */
void try_group_leave(struct try_group *g, struct build *b);

#endif
