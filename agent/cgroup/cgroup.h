/*
 * cgroup: the control groups that keep builds from disturbing the node.
 *
 *     cg_open(&cg, c, e)            find the hierarchy (v1, v2, hybrid), create the top group
 *     cg_clear(cg, e)               kill leftovers of an earlier hornerod below it
 *     cg_leaf_make(cg, c, "osv", "osv/42.1", &leaf, e)
 *     … spawn with leaf.join, reap …
 *     cg_leaf_usage(cg, &leaf, &usage);
 *     cg_leaf_end(cg, &leaf, e)     kill what is left, remove the group
 *     cg_close(cg)
 *
 * There are three levels: TOP (all of hornero), TOP/GROUP (a builder's group),
 * TOP/GROUP/JOB.ATTEMPT. compile_core_limit and compile_mem_limit apply to TOP. groups.d/GROUP.yaml
 * may narrow the lower levels, which otherwise are as wide as the level above. A group's file is
 * read for each attempt.
 *
 * v1: TOP is HIERARCHY/cgroup_top in each controller. It is created here if we are root, or
 * beforehand by `hornerod --prepare`, which hands over directories, tasks, cgroup.procs and the
 * weight (cpu.idle, cpu.shares), but no limit, so that the service cannot lift its own quota. v2:
 * TOP is OURS/hornero, where OURS is the delegated group in which this process was started. The
 * process first moves into OURS/agent, because a group with members cannot have controllers below
 * it.
 *
 * libcgroup creates groups on v1 and sets values on both. On v2 we create groups ourselves:
 * libcgroup 2.0.2 writes subtree_control from the root downward and fails without privilege.
 * Removal is by rmdir on both: cgroup_delete_cgroup moves live processes to the root, out of every
 * limit.
 */
#ifndef HORNERO_AGENT_CGROUP_CGROUP_H
#define HORNERO_AGENT_CGROUP_CGROUP_H

#include "agent/cgroup/cgquota.h"
#include "conf/conf.h"
#include "conf/group.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cg;

enum { CG_MAX_HIERARCHIES = 8 };

struct cg_leaf {
	char *path;                     /* GROUP/JOB.ATTEMPT, relative to TOP */
	int join[CG_MAX_HIERARCHIES];   /* open directories, for struct spawn */
	size_t njoin;
	struct limits limits;           /* in force for the attempt */
	int64_t ending_ms;              /* monotonic: when its end began; 0 if it has not */
	struct cgquota lifted;          /* while it is being ended */
	int64_t refused_above;          /* processes refused by the groups above before it began */
};

struct cg_usage {
	int64_t cpu_ms;
	int64_t mem_peak_bytes;
	int64_t oom_kills;
	/* the attempt reached its own limit, not only that of a group above */
	bool is_memory_full;
	/* processes that a limit refused to it, or perhaps to a concurrent attempt */
	int64_t refused_forks;
	int64_t pids_peak;     /* 0 if this kernel does not count it */
	bool is_pids_full;     /* as is_memory_full */
};

/* Opens the control groups and creates TOP. Returns 0, or -1 with ERR_OPERATOR: the message names
 * the hierarchy that is missing or not ours, and how to fix it. */
int cg_open(struct cg **out, const struct conf *c, struct err *e);
void cg_close(struct cg *cg);

/* Returns "v1" or "v2". */
const char *cg_version(const struct cg *cg);

/* Returns the limits of all attempts together: the configured ones, or root's if TOP is root's and
 * has less. */
struct limits cg_limits(const struct cg *cg);
/* Returns whether TOP's limits differ from the configuration (on v1 they are root's, and a reload
 * does not change them). *why says how, and how to fix it. */
bool cg_is_outdated(const struct cg *cg, const struct conf *c, char why[ERR_MSG_MAX]);

/* Makes builds run after everything else (idle), or at their weight among other groups. Before
 * Linux 5.15, and if TOP is in a delegated group, only the weight is available. Returns 0, or -1 if
 * TOP stays unchanged; on v1 it may be root's. */
int cg_yield(const struct cg *cg, bool idle, struct err *e);
/* cg_used_ms returns the processor time of all builds since TOP was created, -1 if not counted.
 * cg_processors returns the number of processors that the quota lets them use. */
int64_t cg_used_ms(const struct cg *cg);
double cg_processors(const struct cg *cg);

/* Kills every process below TOP and removes the groups there. TOP itself stays. */
int cg_clear(struct cg *cg, struct err *e);

/* cgleft.c: calls fn for every existing GROUP/NAME, once for each hierarchy that has it. Stops at
 * the first -1. */
typedef int cg_left_fn(void *arg, const char *path, struct err *e);
int cg_each_left(const struct cg *cg, cg_left_fn *fn, void *arg, struct err *e);

/* Calls cg_clear, then removes TOP itself if permitted. */
int cg_remove_top(struct cg *cg, struct err *e);

/* group: whose limits apply. path: two components, GROUP/JOB.ATTEMPT. */
int cg_leaf_make(struct cg *cg, const struct conf *c, const char *group, const char *path,
		 struct cg_leaf *out, struct err *e);
/* Adopts the leaf of an earlier hornerod: path and limits.mem_mb are known, the rest is looked
 * up. */
void cg_leaf_adopt(const struct cg *cg, struct cg_leaf *leaf);
/* Unavailable figures are 0. */
void cg_leaf_usage(const struct cg *cg, const struct cg_leaf *leaf, struct cg_usage *out);
/* Returns a process inside, in any hierarchy, or 0 if there is none. */
pid_t cg_leaf_member(const struct cg *cg, const struct cg_leaf *leaf);
/* Stops the processes inside until it is thawed (frozen false) or ended. */
int cg_leaf_freeze(const struct cg *cg, const struct cg_leaf *leaf, bool frozen, struct err *e);

/* Kills all processes inside, frozen or not, removes the groups and frees leaf. Returns 0, or -1 if
 * a process hangs in the kernel: leaf stays, try again. Blocks for half a second at most, and
 * hardly at all when tried again. */
int cg_leaf_end(struct cg *cg, struct cg_leaf *leaf, struct err *e);

/* cgbeside.c: for a build that is not hornerod's. Makes a leaf with the limits of the group below
 * TOP of that hornerod (0 if none runs), and changes neither TOP nor the group. If there is no
 * TOP, makes one as cg_open does. The leaf has an upper level of its own, TOP/by.hand-PID: a
 * hornerod that is not root could not use a group that root made. A hornerod that starts or stops
 * ends the leaf. */
int cg_beside_open(struct cg **out, const struct conf *c, const char *group, long hornerod,
		   struct cg_leaf *leaf, struct err *e);
/* Kills all processes inside, removes what cg_beside_open made, and closes cg. Returns as
 * cg_leaf_end. */
int cg_beside_end(struct cg *cg, struct cg_leaf *leaf, struct err *e);

/* v1, as root: creates TOP, sets its limits, and gives its directories, tasks, cgroup.procs and
 * weight to uid:gid. */
int cg_prepare(const struct conf *c, uid_t uid, gid_t gid, struct err *e);

#endif
