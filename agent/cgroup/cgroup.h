/*
 * cgroup: where builds live, so that they cannot disturb.
 *
 *     cg_open(&cg, c, e)            find the hierarchy (v1, v2, hybrid), make the top group
 *     cg_clear(cg, e)               nobody of an earlier life is left below it
 *     cg_leaf_make(cg, "osv", "42.1", &leaf, e)
 *     … spawn with leaf.join, reap …
 *     cg_leaf_usage(cg, &leaf, &usage);
 *     cg_leaf_end(cg, &leaf, e)     kill what is left, remove
 *     cg_close(cg)
 *
 * Three levels, as cgroups nest: TOP (all of hornero), TOP/GROUP (a builder's group),
 * TOP/GROUP/JOB.ATTEMPT. compile_core_limit and compile_mem_limit bind at the top; groups.d/GROUP.yaml
 * may narrow the lower levels, which else are as wide as the one above. A group's file is read for each attempt.
 *
 * v1: TOP is HIERARCHY/cgroup_top in each controller. Made here as root, or beforehand by
 * `hornerod --prepare`, which hands over directories, tasks, cgroup.procs and the weight (cpu.idle, cpu.shares), but no
 * limit, so that the service cannot lift its own quota.
 * v2: TOP is OURS/hornero, where OURS is the delegated group this process was started in; the
 * process first moves into OURS/agent, since a group with members cannot have controllers below.
 *
 * libcgroup creates groups on v1 and sets values on both. On v2 groups are made by hand: libcgroup
 * 2.0.2's create writes subtree_control from the root downward and fails without privilege. Removal
 * is by rmdir on both: cgroup_delete_cgroup moves live processes to the root, out of every limit.
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
	char *path;                     /* GROUP/JOB.ATTEMPT, below TOP */
	int join[CG_MAX_HIERARCHIES];   /* open directories, for struct spawn */
	size_t njoin;
	struct limits limits;           /* in force for the attempt */
	int64_t ending_ms;              /* monotonic: since when it is being ended; 0: it is not */
	struct cgquota lifted;          /* while it is */
	int64_t refused_above;          /* processes, by the groups above, before it began */
};

struct cg_usage {
	int64_t cpu_ms;
	int64_t mem_peak_bytes;
	int64_t oom_kills;
	bool is_memory_full;   /* the attempt ran into its own limit, not only into that of a group above */
	int64_t refused_forks; /* processes that a limit did not let it have, or perhaps another attempt beside it */
	int64_t pids_peak;     /* 0: this kernel does not count it */
	bool is_pids_full;     /* as is_memory_full */
};

/* ERR_OPERATOR says which hierarchy is missing or not ours to use, and the line that mends it. */
int cg_open(struct cg **out, const struct conf *c, struct err *e);
void cg_close(struct cg *cg);

/* "v1" or "v2". */
const char *cg_version(const struct cg *cg);

/* What attempts may have at the most: what the configuration says or, where TOP is root's and has less, that. */
struct limits cg_limits(const struct cg *cg);
/* Where TOP has other limits than the configuration (on v1 they are root's, and a reload leaves them as they are): which, and
 * the line that mends it. */
bool cg_is_outdated(const struct cg *cg, const struct conf *c, char why[ERR_MSG_MAX]);

/* Builds come after everything else (idle), or have their weight among the others. The weight is all that there is before Linux 5.15,
 * and where TOP is in a delegated group. -1: TOP stays as it is; on v1 it may be root's. */
int cg_yield(const struct cg *cg, bool idle, struct err *e);
/* That all builds ran since TOP was made; -1: nobody counts it. How many processors their quota lets them use. */
int64_t cg_used_ms(const struct cg *cg);
double cg_processors(const struct cg *cg);

/* Kill every process below TOP and remove the groups there. TOP itself stays. */
int cg_clear(struct cg *cg, struct err *e);

/* cgleft.c: fn for every GROUP/NAME that is there, once for each hierarchy that has it; the first -1 ends it. */
typedef int cg_left_fn(void *arg, const char *path, struct err *e);
int cg_each_left(const struct cg *cg, cg_left_fn *fn, void *arg, struct err *e);

/* cg_clear, and TOP itself where we may. */
int cg_remove_top(struct cg *cg, struct err *e);

int cg_leaf_make(struct cg *cg, const struct conf *c, const char *group, const char *name, struct cg_leaf *out,
		 struct err *e);
/* One that a life before us made: path and limits.mem_mb are known, the rest is looked up. */
void cg_leaf_adopt(const struct cg *cg, struct cg_leaf *leaf);
/* Zeros where a figure is not to be had. */
void cg_leaf_usage(const struct cg *cg, const struct cg_leaf *leaf, struct cg_usage *out);
/* Somebody inside, in whichever hierarchy; 0: nobody. */
pid_t cg_leaf_member(const struct cg *cg, const struct cg_leaf *leaf);
/* Nobody inside runs, until it is thawed (frozen false) or ended. */
int cg_leaf_freeze(const struct cg *cg, const struct cg_leaf *leaf, bool frozen, struct err *e);

/* SIGKILL to everyone inside, frozen or not; removed and leaf freed on return. -1: somebody hangs in the kernel; the leaf is
 * still there, try again. Blocks for half a second at the most, and hardly at all when it is tried again. */
int cg_leaf_end(struct cg *cg, struct cg_leaf *leaf, struct err *e);

/* v1, as root: make TOP, set its limits, hand its directories, tasks, cgroup.procs and weight to uid:gid. */
int cg_prepare(const struct conf *c, uid_t uid, gid_t gid, struct err *e);

#endif
