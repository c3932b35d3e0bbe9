/*
 * cginner: shared by the files of cgroup.h.
 *
 *   cgfind.c   finds the hierarchies, and TOP in them
 *   cgset.c    creates groups, sets limits
 *   cgweigh.c  weighs TOP against other groups
 *   cgroup.c   the life of TOP and of the leaves
 *   cgleft.c   lists existing leaves
 *   cgbeside.c the leaf of a build that is not hornerod's
 *
 * Only cgfind.c and cgset.c use libcgroup.
 */
#ifndef HORNERO_AGENT_CGROUP_CGINNER_H
#define HORNERO_AGENT_CGROUP_CGINNER_H

#include "agent/cgroup/cgroup.h"

#include <stdbool.h>

/* The controllers that we use if available. The first CG_N_NEEDED are required, and cpuset if
 * configured. */
enum cg_controller { CPU, MEMORY, PIDS, CPUACCT, FREEZER, BLKIO, CPUSET, CG_N_CONTROLLERS,
		     CG_N_NEEDED = PIDS + 1 };
extern const char *const cg_controllers[CG_N_CONTROLLERS];

struct cg {
	bool v2;
	/* TOP's only sibling is hornerod itself: the instances are elsewhere */
	bool delegated;
	bool made_top;                   /* cgbeside.c made TOP, and removes it */
	char *name;                      /* of TOP for libcgroup: relative to each mount point */
	char *tops[CG_MAX_HIERARCHIES];  /* absolute path of TOP, one per hierarchy */
	size_t ntops;
	bool has[CG_N_CONTROLLERS];
	const char *top_of[CG_N_CONTROLLERS];    /* into tops */
	struct limits top;               /* in force at TOP; 0 if none */
	struct limits all;               /* as cg_limits() returns */
};

/* Fills a zeroed cg. Returns 0, or -1 with ERR_OPERATOR. */
int cg_find(struct cg *cg, const struct conf *c, struct err *e);
/* The same, but on v2 for TOP of that process, unless it is 0. */
int cg_find_of(struct cg *cg, const struct conf *c, long hornerod, struct err *e);
/* Returns whether the controllers are on v2. */
bool cg_is_on_v2(void);

/* Creates a group. name is relative to the mount points, for libcgroup on v1; dir is absolute, for
 * v2. An existing group is no error. */
int cg_make(const struct cg *cg, const char *name, const char *dir, struct err *e);
/* Enables controllers for the groups below dir (v2; does nothing on v1). */
int cg_hand_down(const struct cg *cg, const char *dir, struct err *e);
/* Returns whether TOP exists in all hierarchies, and we may create groups in it. */
bool cg_top_is_prepared(const struct cg *cg);
/* Sets the configured limits on TOP, if TOP is ours. */
int cg_limit_top(struct cg *cg, const struct conf *c, struct err *e);
/* Reads the limits that root set on TOP (v1). */
struct limits cg_read_top(const struct cg *cg);
struct limits cg_top_limits(const struct conf *c);
/* Sets limits on TOP/below (below begins with a slash, or is ""). Omits a quota that equals the one
 * above (0: none there): the periods of several levels start at different times, and a process
 * would wait for one after the other. */
int cg_limit(const struct cg *cg, const char *below, const struct limits *l, int64_t above_percent,
	     struct err *e);
/* Gives TOP all processors except those that Nova dedicates to instances; the groups below inherit
 * them. */
int cg_leave_dedicated(const struct cg *cg, const struct conf *c, struct err *e);

#endif
