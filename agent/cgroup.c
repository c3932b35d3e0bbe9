/* cgroup: DIAGNOSTICS: ERR_OPERATOR where a hierarchy, a controller or a right is
 * missing, with the line that mends it; ERR_US where a group does not get empty. */
#include "agent/cgroup.h"

#include "agent/cgdir.h"
#include "agent/cgown.h"
#include "agent/cgquota.h"
#include "conf/group.h"
#include "lib/clock.h"
#include "lib/cpulist.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <libcgroup.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* The controllers that we use where they are; the first three must be there, cpuset where it is asked for. */
static const char *const wanted[] = {"cpu", "memory", "pids", "cpuacct", "freezer", "blkio", "cpuset"};
enum { CPU, MEMORY, PIDS, CPUACCT, FREEZER, BLKIO, CPUSET }; /* indexes into wanted */
enum { N_WANTED = sizeof(wanted) / sizeof(wanted[0]), N_NEEDED = 3 };

struct cg {
	bool v2;
	char *name;                      /* of TOP for libcgroup: below each mount point */
	char *tops[CG_MAX_HIERARCHIES];  /* absolute path of TOP, one per hierarchy */
	size_t ntops;
	bool has[N_WANTED];
	const char *top_of[N_WANTED];    /* into tops */
};

struct setting {
	int controller; /* index into wanted */
	const char *file;
	char value[48];
};

/* ---- finding the hierarchy ---- */

static bool is_v2_mount(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == CGROUP2_SUPER_MAGIC;
}

static int find_v2(struct cg *cg, const char *mount, const struct conf *c, struct err *e)
{
	own_free char *own = NULL;
	own_free char *ours = NULL;

	cg->v2 = true;
	if (cgown_find(&own, e) < 0)
		return -1;
	ours = fs_path("%s%s", mount, own);
	if (cgown_is_delegated(ours)) {
		if (cgown_settle(ours, e) < 0)
			return -1;
		cg->name = fs_path("%s/%s", own[0] == '/' ? own + 1 : own, c->cgroup_top);
		if (own[0] == '\0')
			memmove(cg->name, cg->name + 1, strlen(cg->name));
	} else if (geteuid() == 0) {
		for (int i = 0; i < N_NEEDED; i++) {
			char add[16];

			snprintf(add, sizeof(add), "+%s", wanted[i]);
			(void)cgdir_write(mount, "cgroup.subtree_control", add);
		}
		(void)cgdir_write(mount, "cgroup.subtree_control", "+cpuset");
		cg->name = fs_path("%s", c->cgroup_top);
	} else {
		return err_set(e, ERR_OPERATOR, "the cgroup %s is not delegated to this user; start hornerod from its unit "
			       "(Delegate=yes) or under systemd-run --user --scope -p Delegate=yes", ours);
	}
	cg->tops[cg->ntops++] = fs_path("%s/%s", mount, cg->name);
	for (int i = 0; i < N_NEEDED; i++) {
		cg->has[i] = true;
		cg->top_of[i] = cg->tops[0];
	}
	return 0;
}

static void find_v1_controller(struct cg *cg, int i, const char *mount)
{
	own_free char *top = fs_path("%s/%s", mount, cg->name);

	cg->has[i] = true;
	for (size_t k = 0; k < cg->ntops; k++)
		if (strcmp(cg->tops[k], top) == 0)
			cg->top_of[i] = cg->tops[k];
	if (!cg->top_of[i]) {
		cg->top_of[i] = cg->tops[cg->ntops] = steal_ptr(&top);
		cg->ntops++;
	}
}

static int find(struct cg *cg, const struct conf *c, struct err *e)
{
	if (cgroup_init() != 0)
		return err_set(e, ERR_OPERATOR, "no cgroup hierarchy is mounted; mount one, or set `isolation: none` in %s",
			       c->path);
	for (int i = 0; i < N_WANTED; i++) {
		char *found = NULL;
		own_free char *mount = NULL;

		if (i == CPUSET && !c->cpu_dedicated_set)
			continue;
		if (cgroup_get_subsys_mount_point(wanted[i], &found) != 0) {
			if (i < N_NEEDED || i == CPUSET)
				return err_set(e, ERR_OPERATOR, "the cgroup controller %s is not there; enable it on the "
					       "kernel command line, or set `isolation: none` in %s", wanted[i], c->path);
			continue;
		}
		mount = found;
		if (is_v2_mount(mount)) {
			if (i == 0)
				return find_v2(cg, mount, c, e);
			continue;
		}
		if (!cg->name)
			cg->name = fs_path("%s", c->cgroup_top);
		find_v1_controller(cg, i, mount);
	}
	return 0;
}

/* ---- making groups, setting values ---- */

/* name is below the mount points. create: v1 only, by libcgroup. */
static int apply(const struct cg *cg, const char *name, const struct setting *set, size_t n, bool create, struct err *e)
{
	struct cgroup *group = cgroup_new_cgroup(name);
	struct cgroup_controller *of[N_WANTED] = {NULL};
	int rc = 0;

	if (!group)
		return err_set(e, ERR_NOBODY, "out of memory for a cgroup");
	for (int i = 0; i < N_WANTED; i++)
		if (cg->has[i])
			of[i] = cgroup_add_controller(group, wanted[i]);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (of[set[i].controller])
			rc = cgroup_set_value_string(of[set[i].controller], set[i].file, set[i].value);
	if (rc == 0)
		rc = create ? cgroup_create_cgroup(group, 1) : cgroup_modify_cgroup(group);
	cgroup_free(&group);
	if (rc != 0)
		return err_set(e, ERR_OPERATOR, "cannot %s the cgroup %s: %s", create ? "make" : "limit", name,
			       rc == ECGOTHER ? strerror(cgroup_get_last_errno()) : cgroup_strerror(rc));
	return 0;
}

static int make(const struct cg *cg, const char *name, const char *dir, struct err *e)
{
	if (!cg->v2)
		return apply(cg, name, NULL, 0, true, e);
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return err_sys(e, ERR_OPERATOR, "cannot make the cgroup %s", dir);
	return 0;
}

enum { PERIOD_US = 100000, MOST_SETTINGS = 8 };

static struct limits top_limits(const struct conf *c)
{
	return (struct limits){c->compile_core_limit, c->compile_mem_limit, c->compile_pids_limit};
}

static int64_t quota_us(int64_t percent)
{
	return percent * sysconf(_SC_NPROCESSORS_ONLN) * PERIOD_US / 100;
}

__attribute__((format(printf, 5, 6)))
static void set(struct setting *list, size_t *n, int controller, const char *file, const char *fmt, ...)
{
	struct setting *s = &list[(*n)++];
	va_list ap;

	s->controller = controller;
	s->file = file;
	va_start(ap, fmt);
	vsnprintf(s->value, sizeof(s->value), fmt, ap);
	va_end(ap);
}

/* percent 0: no quota of its own. */
static size_t settings_of(const struct cg *cg, const struct limits *l, int64_t percent, struct setting out[MOST_SETTINGS])
{
	size_t n = 0;

	set(out, &n, MEMORY, cg->v2 ? "memory.max" : "memory.limit_in_bytes", "%lld", (long long)l->mem_mb * 1000000);
	set(out, &n, PIDS, "pids.max", "%lld", (long long)l->pids);
	if (cg->v2) {
		if (percent > 0)
			set(out, &n, CPU, "cpu.max", "%lld %d", (long long)quota_us(percent), PERIOD_US);
		else
			set(out, &n, CPU, "cpu.max", "max %d", PERIOD_US);
		set(out, &n, CPU, "cpu.weight", "1");
	} else {
		set(out, &n, CPU, "cpu.cfs_period_us", "%d", PERIOD_US);
		set(out, &n, CPU, "cpu.cfs_quota_us", "%lld", percent > 0 ? (long long)quota_us(percent) : -1LL);
		set(out, &n, CPU, "cpu.shares", "2");
	}
	return n;
}

/* Files that a kernel may lack, or that another order of writing needs: a refusal changes nothing that must hold. */
static void write_beside(const struct cg *cg, const char *below, const struct limits *l)
{
	own_free char *memory = fs_path("%s%s", cg->top_of[MEMORY], below);
	char bytes[24];

	snprintf(bytes, sizeof(bytes), "%lld", (long long)l->mem_mb * 1000000);
	/* No swap beyond the limit: a build that is too big hears it. */
	if (cg->v2)
		(void)cgdir_write(memory, "memory.swap.max", "0");
	else
		(void)cgdir_write(memory, "memory.memsw.limit_in_bytes", bytes);
}

/* v1 refuses a quota that is wider than the one above or narrower than one below. */
static int narrow_quota(const char *dir, void *arg, struct err *e)
{
	const int64_t *quota = arg;
	char text[24];

	if (cgdir_number(dir, "cpu.cfs_quota_us", NULL) <= *quota)
		return 0;
	snprintf(text, sizeof(text), "%lld", (long long)*quota);
	(void)cgdir_write(dir, "cpu.cfs_burst_us", "0");
	if (cgdir_write(dir, "cpu.cfs_quota_us", text) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot narrow the CPU quota of the cgroup %s", dir);
	return 0;
}

/* Put limits on TOP/below (below begins with a slash, or is ""). A quota that is no narrower than the one above (0: none is)
 * is left out: periods of several levels begin at different times, and would be waited for one after the other. */
static int limit(const struct cg *cg, const char *below, const struct limits *l, int64_t above_percent, struct err *e)
{
	own_free char *name = fs_path("%s%s", cg->name, below);
	own_free char *cpu = fs_path("%s%s", cg->top_of[CPU], below);
	const char *burst_file = cg->v2 ? "cpu.max.burst" : "cpu.cfs_burst_us";
	struct setting list[MOST_SETTINGS];
	int64_t percent = l->core_percent == above_percent ? 0 : l->core_percent;
	size_t n = settings_of(cg, l, percent, list);
	int64_t quota = quota_us(l->core_percent);
	char burst[24];

	if (!cg->v2 && cgdir_each(cpu, narrow_quota, &quota, e) < 0)
		return -1;
	(void)cgdir_write(cpu, burst_file, "0");
	write_beside(cg, below, l); /* before: memory may not exceed memory and swap */
	if (apply(cg, name, list, n, false, e) < 0)
		return -1;
	write_beside(cg, below, l);
	/* What was saved while nothing was built may be spent at once, one period's worth: the average
	 * stays the limit, and a small build is not stalled for a tenth of a second. Kernels before 5.14
	 * have no such file. */
	snprintf(burst, sizeof(burst), "%lld", (long long)quota);
	if (percent > 0)
		(void)cgdir_write(cpu, burst_file, burst);
	return 0;
}

/* The last to read and write, where the node's I/O scheduler has weights at all. */
static void weigh_io(const struct cg *cg)
{
	if (cg->v2) {
		(void)cgdir_write(cg->tops[0], "io.weight", "default 1");
		(void)cgdir_write(cg->tops[0], "io.bfq.weight", "default 1");
	} else if (cg->has[BLKIO]) {
		(void)cgdir_write(cg->top_of[BLKIO], "blkio.weight", "10");
		(void)cgdir_write(cg->top_of[BLKIO], "blkio.bfq.weight", "1");
	}
}

static int read_cpus(const char *path, struct cpulist *out, struct err *e)
{
	own_free char *text = NULL;
	size_t len;

	if (fs_read(AT_FDCWD, path, CPULIST_TEXT, &text, &len, e) < 0 || cpulist_parse(text, out, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

/* TOP gets all processors but those that Nova gives to instances of their own; the groups below inherit. */
static int leave_dedicated(const struct cg *cg, const struct conf *c, struct err *e)
{
	const char *top = cg->v2 ? cg->tops[0] : cg->top_of[CPUSET];
	struct cpulist dedicated, ours;
	char text[CPULIST_TEXT];

	if (!c->cpu_dedicated_set)
		return 0;
	if (read_cpus("/sys/devices/system/cpu/online", &ours, e) < 0 || cpulist_parse(c->cpu_dedicated_set, &dedicated, e) < 0)
		return -1;
	cpulist_subtract(&ours, &dedicated);
	if (!cpulist_format(&ours, text))
		return err_set(e, ERR_OPERATOR, "cpu_dedicated_set in %s leaves no processor to builds", c->path);
	/* v1 asks for memory nodes as well; on v2 both are inherited. */
	if (!cg->v2) {
		own_free char *nodes = NULL;
		size_t len;

		if (fs_read(AT_FDCWD, "/sys/devices/system/node/online", CPULIST_TEXT, &nodes, &len, e) < 0)
			return -1;
		if (cgdir_write(top, "cpuset.mems", nodes) < 0 || cgdir_write(top, "cgroup.clone_children", "1") < 0)
			return err_sys(e, ERR_OPERATOR, "cannot set the memory nodes of the cgroup %s", top);
	}
	if (cgdir_write(top, "cpuset.cpus", text) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot keep builds of the cgroup %s to the processors %s", top, text);
	return 0;
}

int cg_limit_top(struct cg *cg, const struct conf *c, struct err *e)
{
	struct limits l = top_limits(c);

	weigh_io(cg);
	return limit(cg, "", &l, 0, e);
}

/* Hand controllers down from dir (v2; nothing to do on v1). */
static int hand_down(const struct cg *cg, const char *dir, struct err *e)
{
	if (!cg->v2)
		return 0;
	for (int i = 0; i < N_NEEDED; i++) {
		char add[16];

		snprintf(add, sizeof(add), "+%s", wanted[i]);
		if (cgdir_write(dir, "cgroup.subtree_control", add) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot hand the controller %s down from %s", wanted[i], dir);
	}
	(void)cgdir_write(dir, "cgroup.subtree_control", "+io"); /* not on every node */
	return 0;
}

static bool top_is_prepared(const struct cg *cg)
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
	if (find(cg, c, e) < 0)
		goto fail;
	if (!cg->v2 && geteuid() != 0) {
		if (!top_is_prepared(cg)) {
			err_set(e, ERR_OPERATOR, "the cgroup %s is not ours to use; as root: hornerod -c %s --prepare", cg->tops[0],
				c->path);
			goto fail;
		}
	} else if (make(cg, cg->name, cg->tops[0], e) < 0 || cg_limit_top(cg, c, e) < 0 ||
		   leave_dedicated(cg, c, e) < 0 || hand_down(cg, cg->tops[0], e) < 0) {
		goto fail;
	}
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

const char *cg_version(const struct cg *cg)
{
	return cg->v2 ? "v2" : "v1";
}

/* ---- the end of groups ---- */

enum {
	CLEAR_MS = 10000,  /* at start and stop */
	LEAF_END_MS = 500, /* in the loop: who hangs in the kernel is waited for by trying again */
};

/* On v1 a frozen process does not even die. */
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

/* TOP/GROUP and TOP/GROUP/NAME with their limits. */
static int make_levels(const struct cg *cg, const struct conf *c, const char *group, struct cg_leaf *leaf, struct err *e)
{
	own_free char *group_name = fs_path("%s/%s", cg->name, group);
	own_free char *group_dir = fs_path("%s/%s", cg->tops[0], group);
	own_free char *group_below = fs_path("/%s", group);
	own_free char *leaf_name = fs_path("%s/%s", cg->name, leaf->path);
	own_free char *leaf_dir = fs_path("%s/%s", cg->tops[0], leaf->path);
	own_free char *leaf_below = fs_path("/%s", leaf->path);
	struct limits of_all = top_limits(c);
	struct limits of_group;
	struct group g;

	if (group_load(c->groups_dir, group, &g, e) < 0)
		return -1;
	of_group = limits_within(g.all, of_all);
	leaf->limits = limits_within(g.attempt, of_group);
	if (make(cg, group_name, group_dir, e) < 0 || limit(cg, group_below, &of_group, of_all.core_percent, e) < 0 ||
	    hand_down(cg, group_dir, e) < 0 || make(cg, leaf_name, leaf_dir, e) < 0 ||
	    limit(cg, leaf_below, &leaf->limits, of_group.core_percent, e) < 0)
		return -1;
	if (cg->v2)
		(void)cgdir_write(leaf_dir, "memory.oom.group", "1");
	return 0;
}

int cg_leaf_make(struct cg *cg, const struct conf *c, const char *group, const char *name, struct cg_leaf *out,
		 struct err *e)
{
	struct cg_leaf leaf = {.path = fs_path("%s/%s", group, name)};
	struct err ignored = ERR_INIT;

	if (make_levels(cg, c, group, &leaf, e) == 0 && open_dirs(cg, &leaf, e) == 0) {
		*out = leaf;
		return 0;
	}
	cg_leaf_end(cg, &leaf, &ignored);
	free(leaf.path);
	return -1;
}

/* Of a leaf, in the hierarchy of that controller. */
static int64_t number(const struct cg *cg, int controller, const struct cg_leaf *leaf, const char *file, const char *field)
{
	own_free char *dir = fs_path("%s/%s", cg->top_of[controller], leaf->path);

	return cgdir_number(dir, file, field);
}

void cg_leaf_usage(const struct cg *cg, const struct cg_leaf *leaf, struct cg_usage *out)
{
	*out = (struct cg_usage){0};
	out->refused_forks = number(cg, PIDS, leaf, "pids.events", "max");
	if (cg->v2) {
		out->cpu_ms = number(cg, CPU, leaf, "cpu.stat", "usage_usec") / 1000;
		out->mem_peak_bytes = number(cg, MEMORY, leaf, "memory.peak", NULL);
		out->oom_kills = number(cg, MEMORY, leaf, "memory.events", "oom_kill");
		return;
	}
	if (cg->has[CPUACCT])
		out->cpu_ms = number(cg, CPUACCT, leaf, "cpuacct.usage", NULL) / 1000000;
	out->mem_peak_bytes = number(cg, MEMORY, leaf, "memory.max_usage_in_bytes", NULL);
	out->oom_kills = number(cg, MEMORY, leaf, "memory.oom_control", "oom_kill");
}

static bool has_members(const struct cg *cg, const struct cg_leaf *leaf)
{
	own_free char *dir = fs_path("%s/%s", cg->tops[0], leaf->path);

	return cgdir_number(dir, "cgroup.procs", NULL) > 0;
}

int cg_leaf_freeze(const struct cg *cg, const struct cg_leaf *leaf, bool frozen, struct err *e)
{
	int controller = cg->v2 ? CPU : FREEZER;
	own_free char *dir = NULL;
	int rc;

	if (!cg->has[controller])
		return err_set(e, ERR_OPERATOR, "the cgroup controller freezer is not there: builds cannot be paused");
	dir = fs_path("%s/%s", cg->top_of[controller], leaf->path);
	rc = cg->v2 ? cgdir_write(dir, "cgroup.freeze", frozen ? "1" : "0") :
		      cgdir_write(dir, "freezer.state", frozen ? "FROZEN" : "THAWED");
	return rc < 0 ? err_sys(e, ERR_OPERATOR, "cannot freeze the cgroup %s", dir) : 0;
}

int cg_leaf_end(struct cg *cg, struct cg_leaf *leaf, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + LEAF_END_MS;
	bool killing = leaf->path && has_members(cg, leaf);
	own_free char *cpu = fs_path("%s/%s", cg->top_of[CPU], leaf->path ? leaf->path : "");
	struct cgquota quotas;
	struct err ignored = ERR_INIT;
	int rc = 0;

	if (leaf->path)
		(void)cg_leaf_freeze(cg, leaf, false, &ignored);
	if (killing)
		cgquota_lift(cpu, &quotas);
	for (size_t i = 0; i < leaf->njoin; i++)
		close(leaf->join[i]);
	leaf->njoin = 0;
	for (size_t i = 0; i < cg->ntops && leaf->path; i++) {
		own_free char *dir = fs_path("%s/%s", cg->tops[i], leaf->path);

		if (cgdir_end(dir, deadline_ms, e) < 0)
			rc = -1;
	}
	if (killing)
		cgquota_restore(cpu, &quotas);
	if (rc < 0)
		return -1;
	free(leaf->path);
	leaf->path = NULL;
	return 0;
}

/* ---- the privileged step ---- */

static int hand_over(const char *top, uid_t uid, gid_t gid, struct err *e)
{
	static const char *const files[] = {"", "/tasks", "/cgroup.procs"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		own_free char *path = fs_path("%s%s", top, files[i]);

		if (chown(path, uid, gid) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot hand %s over", path);
	}
	return 0;
}

int cg_prepare(const struct conf *c, uid_t uid, gid_t gid, struct err *e)
{
	struct cg *cg = NULL;
	char *mount = NULL;
	int rc = 0;

	/* v2: whatever root made in the unit's group now would be in the way of its delegation. */
	if (cgroup_init() == 0 && cgroup_get_subsys_mount_point("cpu", &mount) == 0 && is_v2_mount(mount)) {
		free(mount);
		return 0;
	}
	free(mount);
	if (cg_open(&cg, c, e) < 0)
		return -1;
	for (size_t i = 0; i < cg->ntops && rc == 0; i++)
		rc = hand_over(cg->tops[i], uid, gid, e);
	cg_close(cg);
	return rc;
}
