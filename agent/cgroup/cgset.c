/* cgset: DIAGNOSTICS: ERR_OPERATOR if a group cannot be created or a limit cannot be set,
 * ERR_NOBODY without memory or descriptors. */
#include "agent/cgroup/cginner.h"

#include "agent/cgroup/cgdir.h"
#include "lib/cpulist.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <libcgroup.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct write {
	int controller; /* enum cg_controller */
	const char *file;
	char value[48];
};

static bool is_writable(const struct cg *cg, const char *below, const struct write *w)
{
	own_free char *path = fs_path("%s%s/%s", cg->top_of[w->controller], below, w->file);

	return access(path, W_OK) == 0;
}

/* Without descriptors libcgroup says "not mounted" where it cannot read the table of mounts, and
 * "does not exist" where it cannot open a file. */
static enum err_class class_of(const struct cg *cg, const char *below, const struct write *set,
			       size_t n, int rc)
{
	for (int i = 0; rc == ECGROUPNOTMOUNTED && i < CG_N_CONTROLLERS; i++)
		if (cg->has[i] && access(cg->top_of[i], F_OK) == 0)
			return ERR_NOBODY;
	if (rc == ECGOTHER)
		return err_class_sys(ERR_OPERATOR, cgroup_get_last_errno());
	if (rc != ECGROUPVALUENOTEXIST)
		return ERR_OPERATOR;
	for (size_t i = 0; i < n; i++)
		if (cg->has[set[i].controller] && !is_writable(cg, below, &set[i]))
			return ERR_OPERATOR;
	return ERR_NOBODY;
}

/* name is relative to the mount points. create: on v1 only, by libcgroup. */
static int apply(const struct cg *cg, const char *name, const struct write *set, size_t n,
		 bool create, struct err *e)
{
	struct cgroup *group = cgroup_new_cgroup(name);
	struct cgroup_controller *of[CG_N_CONTROLLERS] = {NULL};
	int rc = 0;

	if (!group)
		return err_set(e, ERR_NOBODY, "out of memory for a cgroup");
	for (int i = 0; i < CG_N_CONTROLLERS; i++)
		if (cg->has[i])
			of[i] = cgroup_add_controller(group, cg_controllers[i]);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (of[set[i].controller])
			rc = cgroup_set_value_string(of[set[i].controller], set[i].file,
						     set[i].value);
	if (rc == 0)
		rc = create ? cgroup_create_cgroup(group, 1) : cgroup_modify_cgroup(group);
	cgroup_free(&group);
	if (rc != 0)
		return err_set(e, class_of(cg, name + strlen(cg->name), set, n, rc),
			       "cannot %s the cgroup %s: %s",
			       create ? "create" : "limit", name,
			       rc == ECGOTHER ? strerror(cgroup_get_last_errno())
					      : cgroup_strerror(rc));
	return 0;
}

/* libcgroup says "operation not allowed" for most errors of mkdir(2), also for lack of memory. So
 * tries once more: the kernel names the cause. */
static int make_again(const struct cg *cg, const char *name, struct err *e)
{
	const char *below = name + strlen(cg->name);

	for (int i = 0; i < CG_N_CONTROLLERS; i++) {
		own_free char *dir = cg->has[i] ? fs_path("%s%s", cg->top_of[i], below) : NULL;

		if (dir && mkdir(dir, 0755) < 0 && errno != EEXIST)
			return err_sys(e, ERR_OPERATOR, "cannot create the cgroup %s", dir);
	}
	return 0;
}

static int make(const struct cg *cg, const char *name, const char *dir, struct err *e)
{
	struct err vague = ERR_INIT;

	if (!cg->v2)
		return apply(cg, name, NULL, 0, true, &vague) == 0 ? 0 : make_again(cg, name, e);
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return err_sys(e, ERR_OPERATOR, "cannot create the cgroup %s", dir);
	return 0;
}

/* Usage files are world-readable; `hornero top` needs them. */
int cg_make(const struct cg *cg, const char *name, const char *dir, struct err *e)
{
	mode_t mask = umask(0022);
	int made = make(cg, name, dir, e);

	umask(mask);
	return made;
}

enum {
	PERIOD_US = 100000,
	MOST_SETTINGS = 8,
};

struct limits cg_top_limits(const struct conf *c)
{
	return (struct limits){c->compile_core_limit, c->compile_mem_limit, c->compile_pids_limit};
}

struct limits cg_read_top(const struct cg *cg)
{
	int64_t cpu_us = cgdir_number(cg->top_of[CPU], "cpu.cfs_quota_us", NULL);
	int64_t bytes = cgdir_number(cg->top_of[MEMORY], "memory.limit_in_bytes", NULL);
	int64_t percent = cpu_us * 100 / PERIOD_US / sysconf(_SC_NPROCESSORS_ONLN);

	return (struct limits){
		.core_percent = cpu_us <= 0 ? 0 : percent > 0 ? percent : 1,
		/* the kernel rounds down to pages */
		.mem_mb = bytes / 1000000 + (bytes % 1000000 > 0),
		.pids = cgdir_number(cg->top_of[PIDS], "pids.max", NULL),
	};
}

static int64_t quota_us(int64_t percent)
{
	return percent * sysconf(_SC_NPROCESSORS_ONLN) * PERIOD_US / 100;
}

__attribute__((format(printf, 5, 6)))
static void set(struct write *list, size_t *n, int controller, const char *file, const char *fmt,
		...)
{
	struct write *s = &list[(*n)++];
	va_list ap;

	s->controller = controller;
	s->file = file;
	va_start(ap, fmt);
	vsnprintf(s->value, sizeof(s->value), fmt, ap);
	va_end(ap);
}

/* percent 0: no quota of its own. */
static size_t settings_of(const struct cg *cg, const struct limits *l, int64_t percent,
			  struct write out[MOST_SETTINGS])
{
	size_t n = 0;

	set(out, &n, MEMORY, cg->v2 ? "memory.max" : "memory.limit_in_bytes", "%lld",
	    (long long)l->mem_mb * 1000000);
	set(out, &n, PIDS, "pids.max", "%lld", (long long)l->pids);
	if (cg->v2) {
		if (percent > 0)
			set(out, &n, CPU, "cpu.max", "%lld %d", (long long)quota_us(percent),
			    PERIOD_US);
		else
			set(out, &n, CPU, "cpu.max", "max %d", PERIOD_US);
		set(out, &n, CPU, "cpu.weight", "1");
	} else {
		set(out, &n, CPU, "cpu.cfs_period_us", "%d", PERIOD_US);
		set(out, &n, CPU, "cpu.cfs_quota_us", "%lld",
		    percent > 0 ? (long long)quota_us(percent) : -1LL);
		set(out, &n, CPU, "cpu.shares", "2");
	}
	return n;
}

/* Writes files that a kernel may lack, or that need another order of writing. No guarantee depends
 * on them, so errors are ignored. */
static void write_beside(const struct cg *cg, const char *below, const struct limits *l)
{
	own_free char *memory = fs_path("%s%s", cg->top_of[MEMORY], below);
	char bytes[24];

	snprintf(bytes, sizeof(bytes), "%lld", (long long)l->mem_mb * 1000000);
	/* No swap beyond the limit: a build that is too big fails instead of thrashing. */
	if (cg->v2)
		(void)cgdir_write(memory, "memory.swap.max", "0");
	else
		(void)cgdir_write(memory, "memory.memsw.limit_in_bytes", bytes);
}

/* v1 refuses a quota wider than the one above or narrower than one below. */
static int narrow_quota(const char *dir, void *arg, struct err *e)
{
	const int64_t *quota = arg;
	char text[24];

	if (cgdir_number(dir, "cpu.cfs_quota_us", NULL) <= *quota)
		return 0;
	snprintf(text, sizeof(text), "%lld", (long long)*quota);
	(void)cgdir_write(dir, "cpu.cfs_burst_us", "0");
	if (cgdir_write(dir, "cpu.cfs_quota_us", text) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot narrow the CPU quota of the cgroup %s",
			       dir);
	return 0;
}

int cg_limit(const struct cg *cg, const char *below, const struct limits *l, int64_t above_percent,
	     struct err *e)
{
	own_free char *name = fs_path("%s%s", cg->name, below);
	own_free char *cpu = fs_path("%s%s", cg->top_of[CPU], below);
	const char *burst_file = cg->v2 ? "cpu.max.burst" : "cpu.cfs_burst_us";
	struct write list[MOST_SETTINGS];
	int64_t percent = l->core_percent == above_percent ? 0 : l->core_percent;
	size_t n = settings_of(cg, l, percent, list);
	int64_t quota = quota_us(l->core_percent);
	char burst[24];

	if (!cg->v2 && cgdir_each(cpu, narrow_quota, &quota, e) < 0)
		return -1;
	(void)cgdir_write(cpu, burst_file, "0");
	write_beside(cg, below, l); /* before apply: memory may not exceed memory and swap */
	if (apply(cg, name, list, n, false, e) < 0)
		return -1;
	write_beside(cg, below, l);
	/* Lets builds spend one period's worth of unused quota at once: the average stays within
	 * the limit, and a small build is not stalled for a tenth of a second. Kernels before 5.14
	 * lack the file. */
	snprintf(burst, sizeof(burst), "%lld", (long long)quota);
	if (percent > 0)
		(void)cgdir_write(cpu, burst_file, burst);
	return 0;
}

/* Builds read and write last, if the node's I/O scheduler supports weights. */
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

	if (fs_read(AT_FDCWD, path, CPULIST_TEXT, &text, &len, e) < 0 ||
	    cpulist_parse(text, out, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

int cg_leave_dedicated(const struct cg *cg, const struct conf *c, struct err *e)
{
	const char *top = cg->v2 ? cg->tops[0] : cg->top_of[CPUSET];
	struct cpulist dedicated, ours;
	char text[CPULIST_TEXT];

	if (!c->cpu_dedicated_set)
		return 0;
	if (read_cpus("/sys/devices/system/cpu/online", &ours, e) < 0 ||
	    cpulist_parse(c->cpu_dedicated_set, &dedicated, e) < 0)
		return -1;
	cpulist_subtract(&ours, &dedicated);
	if (!cpulist_format(&ours, text))
		return err_set(e, ERR_OPERATOR, "cpu_dedicated_set in %s leaves no processor for "
			       "builds; remove some from it", c->path);
	/* v1 requires memory nodes as well; on v2 both are inherited. */
	if (!cg->v2) {
		own_free char *nodes = NULL;
		size_t len;

		if (fs_read(AT_FDCWD, "/sys/devices/system/node/online", CPULIST_TEXT, &nodes, &len,
			    e) < 0)
			return -1;
		if (cgdir_write(top, "cpuset.mems", nodes) < 0 ||
		    cgdir_write(top, "cgroup.clone_children", "1") < 0)
			return err_sys(e, ERR_OPERATOR, "cannot set the memory nodes of the cgroup "
				       "%s", top);
	}
	if (cgdir_write(top, "cpuset.cpus", text) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot limit the cgroup %s to the processors %s",
			       top, text);
	return 0;
}

int cg_limit_top(struct cg *cg, const struct conf *c, struct err *e)
{
	struct limits l = cg_top_limits(c);

	weigh_io(cg);
	(void)cgdir_write(cg->top_of[CPU], "cpu.idle", "0"); /* an idle group refuses weights */
	if (cg_limit(cg, "", &l, 0, e) < 0)
		return -1;
	cg->top = l;
	return cg_yield(cg, false, e);
}

int cg_hand_down(const struct cg *cg, const char *dir, struct err *e)
{
	if (!cg->v2)
		return 0;
	for (int i = 0; i < CG_N_NEEDED; i++) {
		char add[16];

		snprintf(add, sizeof(add), "+%s", cg_controllers[i]);
		if (cgdir_write(dir, "cgroup.subtree_control", add) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot enable the controller %s below %s",
				       cg_controllers[i], dir);
	}
	(void)cgdir_write(dir, "cgroup.subtree_control", "+io"); /* missing on some nodes */
	return 0;
}
