/* cgfind: DIAGNOSTICS: ERR_OPERATOR if a hierarchy, a controller or its delegation is missing; the
 * message says how to fix it. */
#include "agent/cgroup/cginner.h"

#include "agent/cgroup/cgdir.h"
#include "agent/cgroup/cgown.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <libcgroup.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

const char *const cg_controllers[CG_N_CONTROLLERS] = {"cpu", "memory", "pids", "cpuacct", "freezer",
						      "blkio", "cpuset"};

static bool is_v2_mount(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == CGROUP2_SUPER_MAGIC;
}

bool cg_is_on_v2(void)
{
	own_free char *mount = NULL;

	return cgroup_init() == 0 &&
	       cgroup_get_subsys_mount_point(cg_controllers[CPU], &mount) == 0 &&
	       is_v2_mount(mount);
}

/* own is relative to the mount point, as is the name of TOP. */
static char *top_below(const char *own, const struct conf *c)
{
	return *own ? fs_path("%s/%s", own + (*own == '/'), c->cgroup_top)
		    : fs_path("%s", c->cgroup_top);
}

static void note_v2(struct cg *cg, const char *mount)
{
	cg->v2 = true;
	cg->tops[cg->ntops++] = fs_path("%s/%s", mount, cg->name);
	for (int i = 0; i < CG_N_NEEDED; i++) {
		cg->has[i] = true;
		cg->top_of[i] = cg->tops[0];
	}
}

static int find_v2(struct cg *cg, const char *mount, const struct conf *c, struct err *e)
{
	own_free char *own = NULL;
	own_free char *ours = NULL;

	if (cgown_find(0, &own, e) < 0)
		return -1;
	ours = fs_path("%s%s", mount, own);
	if (cgown_is_delegated(ours)) {
		if (cgown_settle(ours, e) < 0)
			return -1;
		cg->delegated = true;
		cg->name = top_below(own, c);
	} else if (geteuid() == 0) {
		for (int i = 0; i < CG_N_NEEDED; i++) {
			char add[16];

			snprintf(add, sizeof(add), "+%s", cg_controllers[i]);
			(void)cgdir_write(mount, "cgroup.subtree_control", add);
		}
		(void)cgdir_write(mount, "cgroup.subtree_control", "+cpuset");
		(void)cgdir_write(mount, "cgroup.subtree_control", "+io");
		cg->name = fs_path("%s", c->cgroup_top);
	} else {
		return err_set(e, ERR_OPERATOR, "the cgroup %s is not delegated to this user; "
			       "start hornerod from its unit (Delegate=yes) or under systemd-run "
			       "--user --scope -p Delegate=yes", ours);
	}
	note_v2(cg, mount);
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

int cg_find(struct cg *cg, const struct conf *c, struct err *e)
{
	if (cgroup_init() != 0)
		return err_set(e, ERR_OPERATOR, "no cgroup hierarchy is mounted; mount one, or set "
			       "`isolation: none` in %s", c->path);
	for (int i = 0; i < CG_N_CONTROLLERS; i++) {
		char *found = NULL;
		own_free char *mount = NULL;

		if (i == CPUSET && !c->cpu_dedicated_set)
			continue;
		if (cgroup_get_subsys_mount_point(cg_controllers[i], &found) != 0) {
			if (i < CG_N_NEEDED || i == CPUSET)
				return err_set(e, ERR_OPERATOR, "the cgroup controller %s is "
					       "unavailable; enable it on the kernel command line, "
					       "or set `isolation: none` in %s", cg_controllers[i],
					       c->path);
			continue;
		}
		mount = found;
		if (is_v2_mount(mount)) {
			if (i == 0)
				return find_v2(cg, mount, c, e);
			if (i < CG_N_NEEDED)
				return err_set(e, ERR_OPERATOR, "the cgroup controller %s is in "
					       "version 2 and %s in version 1; put both in one, on "
					       "the kernel command line "
					       "(systemd.unified_cgroup_hierarchy=1), or set "
					       "`isolation: none` in %s", cg_controllers[i],
					       cg_controllers[0], c->path);
			continue;
		}
		if (!cg->name)
			cg->name = fs_path("%s", c->cgroup_top);
		find_v1_controller(cg, i, mount);
	}
	return 0;
}

/* A hornerod of root whose group is not delegated has TOP at the root. */
int cg_find_of(struct cg *cg, const struct conf *c, long hornerod, struct err *e)
{
	own_free char *mount = NULL;
	own_free char *own = NULL;
	own_free char *below = NULL;

	if (!hornerod || !cg_is_on_v2())
		return cg_find(cg, c, e);
	if (cgroup_get_subsys_mount_point(cg_controllers[CPU], &mount) != 0)
		return err_set(e, ERR_OPERATOR, "no cgroup hierarchy is mounted");
	if (cgown_find(hornerod, &own, e) < 0)
		return -1;
	below = fs_path("%s%s/%s", mount, own, c->cgroup_top);
	cg->name = top_below(access(below, F_OK) == 0 ? own : "", c);
	note_v2(cg, mount);
	return 0;
}
