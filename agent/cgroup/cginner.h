/*
 * cginner: what the files of cgroup.h share.
 *
 *   cgfind.c   which hierarchy there is, and where TOP is in it
 *   cgset.c    groups made, limits set
 *   cgweigh.c  what TOP weighs beside others
 *   cgroup.c   the life of TOP and of the leaves
 *   cgleft.c   the leaves that are there
 *
 * cgfind.c and cgset.c alone know libcgroup.
 */
#ifndef HORNERO_AGENT_CGROUP_CGINNER_H
#define HORNERO_AGENT_CGROUP_CGINNER_H

#include "agent/cgroup/cgroup.h"

#include <stdbool.h>

/* The controllers that we use where they are; the first CG_N_NEEDED must be there, cpuset where it is asked for. */
enum cg_controller { CPU, MEMORY, PIDS, CPUACCT, FREEZER, BLKIO, CPUSET, CG_N_CONTROLLERS, CG_N_NEEDED = PIDS + 1 };
extern const char *const cg_controllers[CG_N_CONTROLLERS];

struct cg {
	bool v2;
	bool delegated;                  /* TOP has hornerod itself as its only sibling: it is not beside the instances */
	char *name;                      /* of TOP for libcgroup: below each mount point */
	char *tops[CG_MAX_HIERARCHIES];  /* absolute path of TOP, one per hierarchy */
	size_t ntops;
	bool has[CG_N_CONTROLLERS];
	const char *top_of[CG_N_CONTROLLERS];    /* into tops */
	struct limits top;               /* in force at TOP; 0: none */
	struct limits all;               /* as cg_limits() has it */
};

/* Fill a zeroed cg. ERR_OPERATOR. */
int cg_find(struct cg *cg, const struct conf *c, struct err *e);
/* Whether the controllers are on v2. */
bool cg_is_on_v2(void);

/* name: below the mount points, for libcgroup on v1; dir: absolute, for v2. One that is there is fine. */
int cg_make(const struct cg *cg, const char *name, const char *dir, struct err *e);
/* Let the groups below dir have controllers (v2; nothing to do on v1). */
int cg_hand_down(const struct cg *cg, const char *dir, struct err *e);
/* Set the limits of TOP, where that is ours: as the configuration has them. */
int cg_limit_top(struct cg *cg, const struct conf *c, struct err *e);
/* What somebody else set there, on v1. */
struct limits cg_read_top(const struct cg *cg);
struct limits cg_top_limits(const struct conf *c);
/* Put limits on TOP/below (below begins with a slash, or is ""). A quota that is no narrower than the one above (0: none is)
 * is left out: periods of several levels begin at different times, and would be waited for one after the other. */
int cg_limit(const struct cg *cg, const char *below, const struct limits *l, int64_t above_percent, struct err *e);
/* TOP gets all processors but those that Nova gives to instances of their own; the groups below inherit. */
int cg_leave_dedicated(const struct cg *cg, const struct conf *c, struct err *e);

#endif
