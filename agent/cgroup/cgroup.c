/* cgroup: DIAGNOSTICS: ERR_OPERATOR if a hierarchy, a controller or a right is missing; the message
 * says how to fix it. ERR_US if a group does not get empty. */
#include "agent/cgroup/cginner.h"

#include "agent/cgroup/cgdir.h"
#include "conf/group.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

bool cg_top_is_prepared(const struct cg *cg)
{
	for (size_t i = 0; i < cg->ntops; i++)
		if (access(cg->tops[i], W_OK) < 0)
			return false;
	return true;
}

int cg_open(struct cg **out, const struct conf *c, struct err *e)
{
	struct cg *cg = calloc(1, sizeof(*cg));

	if (!cg)
		return err_set(e, ERR_NOBODY, "out of memory for the cgroups");
	if (cg_find(cg, c, e) < 0)
		goto fail;
	if (!cg->v2 && geteuid() != 0) {
		if (!cg_top_is_prepared(cg)) {
			err_set(e, ERR_OPERATOR, "no right to use the cgroup %s; as root: hornerod "
				"-c %s --prepare", cg->tops[0], c->path);
			goto fail;
		}
		cg->top = cg_read_top(cg);
	} else if (cg_make(cg, cg->name, cg->tops[0], e) < 0 || cg_limit_top(cg, c, e) < 0 ||
		   cg_leave_dedicated(cg, c, e) < 0 || cg_hand_down(cg, cg->tops[0], e) < 0) {
		goto fail;
	}
	cg->all = limits_within(cg_top_limits(c), cg->top);
	*out = cg;
	return 0;
fail:
	cg_close(cg);
	return -1;
}

void cg_close(struct cg *cg)
{
	if (!cg)
		return;
	for (size_t i = 0; i < cg->ntops; i++)
		free(cg->tops[i]);
	free(cg->name);
	free(cg);
}

struct limits cg_limits(const struct cg *cg)
{
	return cg->all;
}

bool cg_is_outdated(const struct cg *cg, const struct conf *c, char why[ERR_MSG_MAX])
{
	struct limits said = cg_top_limits(c);

	if (said.core_percent == cg->top.core_percent && said.mem_mb == cg->top.mem_mb &&
	    said.pids == cg->top.pids)
		return false;
	snprintf(why, ERR_MSG_MAX, "root limited all builds to %lld percent of the processors, "
		 "%lld MB and %lld processes, and %s says %lld, %lld and %lld: the smaller ones "
		 "apply until root runs hornerod -c %s --prepare, or systemctl restart hornerod",
		 (long long)cg->top.core_percent, (long long)cg->top.mem_mb,
		 (long long)cg->top.pids, c->path, (long long)said.core_percent,
		 (long long)said.mem_mb, (long long)said.pids, c->path);
	return true;
}

const char *cg_version(const struct cg *cg)
{
	return cg->v2 ? "v2" : "v1";
}

/* ---- the end of groups ---- */

enum {
	CLEAR_MS = 10000,   /* at start and stop */
	LEAF_END_MS = 500,  /* in the loop; a process that hangs in the kernel is retried later */
	LEAF_AGAIN_MS = 20,
	NEAR_BYTES = 1 << 20, /* this close to a limit counts as reached */
	/* what is left then is not waiting for a processor, and instances are */
	LIFTED_MS = 10000,
};

/* On v1 a frozen process ignores even SIGKILL. */
static int thaw(const char *dir, void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	(void)cgdir_write(dir, "freezer.state", "THAWED");
	return 0;
}

int cg_clear(struct cg *cg, struct err *e)
{
	if (!cg->v2 && cg->has[FREEZER] && cgdir_each(cg->top_of[FREEZER], thaw, NULL, e) < 0)
		return -1;
	for (size_t i = 0; i < cg->ntops; i++)
		if (cgdir_clear(cg->tops[i], clock_mono_ms() + CLEAR_MS, e) < 0)
			return -1;
	return 0;
}

int cg_remove_top(struct cg *cg, struct err *e)
{
	if (cg_clear(cg, e) < 0)
		return -1;
	for (size_t i = 0; i < cg->ntops; i++)
		if (rmdir(cg->tops[i]) < 0 && errno != ENOENT && errno != EACCES && errno != EPERM)
			return err_sys(e, ERR_US, "cannot remove the cgroup %s", cg->tops[i]);
	return 0;
}


/* ---- leaves ---- */

static int open_dirs(const struct cg *cg, struct cg_leaf *leaf, struct err *e)
{
	for (size_t i = 0; i < cg->ntops; i++) {
		own_free char *path = fs_path("%s/%s", cg->tops[i], leaf->path);
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return err_sys(e, ERR_OPERATOR, "cannot open %s", path);
		leaf->join[leaf->njoin++] = fd;
	}
	return 0;
}

/* Creates the two levels of the leaf with the limits of the group. */
static int make_levels(const struct cg *cg, const struct conf *c, const char *group,
		       struct cg_leaf *leaf, struct err *e)
{
	const int upper = (int)strcspn(leaf->path, "/");
	own_free char *group_name = fs_path("%s/%.*s", cg->name, upper, leaf->path);
	own_free char *group_dir = fs_path("%s/%.*s", cg->tops[0], upper, leaf->path);
	own_free char *group_below = fs_path("/%.*s", upper, leaf->path);
	own_free char *leaf_name = fs_path("%s/%s", cg->name, leaf->path);
	own_free char *leaf_dir = fs_path("%s/%s", cg->tops[0], leaf->path);
	own_free char *leaf_below = fs_path("/%s", leaf->path);
	struct limits of_group;
	struct group g;

	if (group_load(c->groups_dir, group, &g, e) < 0)
		return -1;
	of_group = limits_within(g.all, cg->all);
	leaf->limits = limits_within(g.attempt, of_group);
	if (cg_make(cg, group_name, group_dir, e) < 0 ||
	    cg_limit(cg, group_below, &of_group, cg->top.core_percent, e) < 0 ||
	    cg_hand_down(cg, group_dir, e) < 0 || cg_make(cg, leaf_name, leaf_dir, e) < 0 ||
	    cg_limit(cg, leaf_below, &leaf->limits, of_group.core_percent, e) < 0)
		return -1;
	if (cg->v2)
		(void)cgdir_write(leaf_dir, "memory.oom.group", "1");
	return 0;
}

/* Reads a number of a leaf in the hierarchy of that controller. */
static int64_t number(const struct cg *cg, int controller, const struct cg_leaf *leaf,
		      const char *file, const char *field)
{
	own_free char *dir = fs_path("%s/%s", cg->top_of[controller], leaf->path);

	return cgdir_number(dir, file, field);
}

/* Since Linux 6.11, v2 counts a refused process in the group whose limit was reached (TOP or
 * GROUP), not in the group that asked. */
static int64_t refused_above(const struct cg *cg, const struct cg_leaf *leaf)
{
	own_free char *group = fs_path("%s/%s", cg->top_of[PIDS], leaf->path);

	*strrchr(group, '/') = '\0';
	return cgdir_number(group, "pids.events.local", "max") +
	       cgdir_number(cg->top_of[PIDS], "pids.events.local", "max");
}

int cg_leaf_make(struct cg *cg, const struct conf *c, const char *group, const char *path,
		 struct cg_leaf *out, struct err *e)
{
	struct cg_leaf leaf = {.path = fs_path("%s", path)};
	struct err ignored = ERR_INIT;

	if (make_levels(cg, c, group, &leaf, e) == 0 && open_dirs(cg, &leaf, e) == 0) {
		leaf.refused_above = refused_above(cg, &leaf);
		*out = leaf;
		return 0;
	}
	if (cg_leaf_end(cg, &leaf, &ignored) < 0)
		free(leaf.path);
	return -1;
}

void cg_leaf_adopt(const struct cg *cg, struct cg_leaf *leaf)
{
	leaf->limits.pids = number(cg, PIDS, leaf, "pids.max", NULL);
	leaf->refused_above = refused_above(cg, leaf);
}

static void memory_usage(const struct cg *cg, const struct cg_leaf *leaf, struct cg_usage *out)
{
	if (cg->v2) {
		out->mem_peak_bytes = number(cg, MEMORY, leaf, "memory.peak", NULL);
		out->oom_kills = number(cg, MEMORY, leaf, "memory.events", "oom_kill");
		out->is_memory_full = number(cg, MEMORY, leaf, "memory.events", "oom") > 0;
		return;
	}
	out->mem_peak_bytes = number(cg, MEMORY, leaf, "memory.max_usage_in_bytes", NULL);
	out->oom_kills = number(cg, MEMORY, leaf, "memory.oom_control", "oom_kill");
}

void cg_leaf_usage(const struct cg *cg, const struct cg_leaf *leaf, struct cg_usage *out)
{
	int64_t refused = number(cg, PIDS, leaf, "pids.events", "max");

	*out = (struct cg_usage){0};
	memory_usage(cg, leaf, out);
	/* v1 has no such event, and newer kernels lack memory.failcnt as well; memory is charged
	 * several pages at a time. The peak includes the page cache: nothing tells whether that
	 * filled it. */
	out->is_memory_full |= out->mem_peak_bytes + NEAR_BYTES >= leaf->limits.mem_mb * 1000000;
	/* v1, and v2 before 6.11, count in the group that asked, whatever group's limit was
	 * reached; before 6.6 nothing tells which. */
	out->pids_peak = number(cg, PIDS, leaf, "pids.peak", NULL);
	out->is_pids_full = refused > 0 && out->pids_peak >= leaf->limits.pids;
	out->refused_forks = refused + refused_above(cg, leaf) - leaf->refused_above;
	if (cg->v2)
		out->cpu_ms = number(cg, CPU, leaf, "cpu.stat", "usage_usec") / 1000;
	else if (cg->has[CPUACCT])
		out->cpu_ms = number(cg, CPUACCT, leaf, "cpuacct.usage", NULL) / 1000000;
}

pid_t cg_leaf_member(const struct cg *cg, const struct cg_leaf *leaf)
{
	int64_t pid = 0;

	for (size_t i = 0; i < cg->ntops && pid <= 0; i++) {
		own_free char *dir = fs_path("%s/%s", cg->tops[i], leaf->path);

		pid = cgdir_number(dir, "cgroup.procs", NULL);
	}
	return pid > 0 ? (pid_t)pid : 0;
}

int cg_leaf_freeze(const struct cg *cg, const struct cg_leaf *leaf, bool frozen, struct err *e)
{
	int controller = cg->v2 ? CPU : FREEZER;
	own_free char *dir = NULL;
	int rc;

	if (!cg->has[controller])
		return err_set(e, ERR_OPERATOR, "cannot pause builds: the cgroup controller "
			       "freezer is unavailable");
	dir = fs_path("%s/%s", cg->top_of[controller], leaf->path);
	rc = cg->v2 ? cgdir_write(dir, "cgroup.freeze", frozen ? "1" : "0") :
		      cgdir_write(dir, "freezer.state", frozen ? "FROZEN" : "THAWED");
	return rc < 0 ? err_sys(e, ERR_OPERATOR, "cannot freeze the cgroup %s", dir) : 0;
}

int cg_leaf_end(struct cg *cg, struct cg_leaf *leaf, struct err *e)
{
	int64_t now_ms = clock_mono_ms();
	int64_t deadline_ms = now_ms + (leaf->ending_ms > 0 ? LEAF_AGAIN_MS : LEAF_END_MS);
	own_free char *cpu = fs_path("%s/%s", cg->top_of[CPU], leaf->path);
	struct err ignored = ERR_INIT;
	bool is_late;
	int rc = 0;

	if (leaf->ending_ms == 0)
		leaf->ending_ms = now_ms;
	is_late = now_ms - leaf->ending_ms > LIFTED_MS;
	(void)cg_leaf_freeze(cg, leaf, false, &ignored);
	if (!is_late && cg_leaf_member(cg, leaf) > 0)
		cgquota_lift(cpu, &leaf->lifted);
	for (size_t i = 0; i < leaf->njoin; i++)
		close(leaf->join[i]);
	leaf->njoin = 0;
	for (size_t i = 0; i < cg->ntops; i++) {
		own_free char *dir = fs_path("%s/%s", cg->tops[i], leaf->path);

		if (cgdir_end(dir, deadline_ms, e) < 0)
			rc = -1;
	}
	if (rc == 0 || is_late)
		cgquota_restore(cpu, &leaf->lifted);
	if (rc < 0)
		return -1;
	free(leaf->path);
	leaf->path = NULL;
	return 0;
}

/* ---- the privileged step ---- */

/* The first three exist in every hierarchy; cpu.idle exists since Linux 5.15. */
static int hand_over(const char *top, uid_t uid, gid_t gid, struct err *e)
{
	static const char *const files[] = {"", "/tasks", "/cgroup.procs", "/cpu.shares",
					    "/cpu.idle"};
	enum { NEEDED = 3 };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		own_free char *path = fs_path("%s%s", top, files[i]);

		if (chown(path, uid, gid) < 0 && (i < NEEDED || errno != ENOENT))
			return err_sys(e, ERR_OPERATOR, "cannot change the owner of %s", path);
	}
	return 0;
}

int cg_prepare(const struct conf *c, uid_t uid, gid_t gid, struct err *e)
{
	struct cg *cg = NULL;
	int rc = 0;

	/* Anything that root creates in the unit's group now would break its delegation. */
	if (cg_is_on_v2())
		return 0;
	if (cg_open(&cg, c, e) < 0)
		return -1;
	for (size_t i = 0; i < cg->ntops && rc == 0; i++)
		rc = hand_over(cg->tops[i], uid, gid, e);
	cg_close(cg);
	return rc;
}
