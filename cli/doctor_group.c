/* doctor_group: checks control groups as /proc and /sys show them. hornerod reports its own
 * findings when it starts. DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/layout.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <mntent.h>
#include <string.h>
#include <sys/stat.h>

static const char *const needed[] = {"cpu", "memory", "pids"};
enum { N_NEEDED = sizeof(needed) / sizeof(needed[0]), USUAL_WEIGHT = 100 };

/* Finds the mount point of the controller's own hierarchy (v1), or of the unified one (controller
 * NULL); "" if it is not mounted. */
static void find_mount(const char *controller, char out[256])
{
	FILE *list = setmntent("/proc/mounts", "re");
	struct mntent *m;

	*out = '\0';
	while (list && (m = getmntent(list)) && *out == '\0')
		if (controller ? strcmp(m->mnt_type, "cgroup") == 0 && hasmntopt(m, controller)
			       : strcmp(m->mnt_type, "cgroup2") == 0)
			snprintf(out, 256, "%s", m->mnt_dir);
	if (list)
		endmntent(list);
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len)
		if ((at == text || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\n' || at[len] == '\0'))
			return true;
	return false;
}

static bool read_number(const char *dir, const char *file, long *out)
{
	own_free char *path = fs_path("%s/%s", dir, file);
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	if (fs_read(AT_FDCWD, path, 64, &text, &len, &ignored) < 0)
		return false;
	*out = strtol(text, NULL, 10);
	return true;
}

/* hornero.slice sets a low weight; a unit of an older hornero or an operator may have changed it.
 * hornero-yield makes the slice idle, which disables the weight. */
static void look_at_slice(struct doctor *d, const char *slice)
{
	static const char mend[] = "systemctl daemon-reload; systemctl set-property --runtime "
				   "hornero.slice CPUWeight=5";
	own_free char *yield = fs_path("%s/../system.slice/hornero-yield.service", slice);
	bool yields = access(yield, F_OK) == 0;
	long value;

	if (!yields && read_number(slice, "cpu.idle", &value))
		doctor_say(d, DOCTOR_WARN, "systemctl restart hornero-yield",
			   "hornero-yield.service does not run: %s",
			   value == 1 ? "builds stand still while instances are busy"
				      : "an instance that wakes may wait for a build");
	else if (read_number(slice, "cpu.weight", &value) && value >= USUAL_WEIGHT)
		doctor_say(d, DOCTOR_WARN, mend,
			   "%s weighs %ld, as much as instances or more: an instance that wakes "
			   "may wait for builds",
			   slice, value);
}

static void look_at_v2(struct doctor *d, const char *mount)
{
	own_free char *path = fs_path("%s/cgroup.controllers", mount);
	own_free char *slice = fs_path("%s/hornero.slice", mount);
	own_free char *unit = fs_path("%s/hornerod.service", slice);
	own_free char *text = NULL;
	struct err why = ERR_INIT;
	struct stat st;
	size_t len;

	if (fs_read(AT_FDCWD, path, 4096, &text, &len, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, NULL, "%s", why.msg);
		return;
	}
	for (int i = 0; i < N_NEEDED; i++)
		if (!has_word(text, needed[i]))
			doctor_say(d, DOCTOR_BAD,
				   "enable it on the kernel command line (cgroup_enable=memory), "
				   "then reboot",
				   "cgroup v2 without the controller %s", needed[i]);
	if (stat(unit, &st) < 0)
		return;
	look_at_slice(d, slice);
	if (d->c->hornero_uid != NO_UID && st.st_uid != d->c->hornero_uid)
		doctor_say(d, DOCTOR_BAD,
			   "Delegate=yes in hornerod.service, then: systemctl restart hornerod",
			   "%s belongs to user %u: it is not delegated to hornero_user", unit,
			   st.st_uid);
}

/* If hornerod runs as root, it makes its groups itself. Otherwise root must have made them and
 * given them to hornero_user. */
static void look_at_v1(struct doctor *d, const char *controller, const char *mount)
{
	own_free char *top = fs_path("%s/%s", mount, d->c->cgroup_top);
	struct stat st;

	if (d->c->hornero_uid == NO_UID || d->c->hornero_uid == 0)
		return;
	if (stat(top, &st) < 0 || st.st_uid != d->c->hornero_uid)
		doctor_say(d, DOCTOR_BAD, "hornerod --prepare",
			   "%s is not a group of hornero_user: it cannot limit %s", top,
			   controller);
}

void doctor_cgroups(struct doctor *d)
{
	char unified[256], mount[256];
	int before = d->findings;
	bool v1 = false;

	if (d->c->isolation == CONF_ISOLATION_NONE) {
		doctor_say(d, DOCTOR_WARN,
			   "isolation: cgroup in hornero.yaml, then: systemctl restart hornerod",
			   "isolation: none: builds have no CPU and memory limits");
		return;
	}
	find_mount(NULL, unified);
	for (int i = 0; i < N_NEEDED; i++) {
		find_mount(needed[i], mount);
		v1 = v1 || *mount;
		if (*mount)
			look_at_v1(d, needed[i], mount);
		else if (v1 || !*unified)
			doctor_say(d, DOCTOR_BAD,
				   "mount it, or set isolation: none in hornero.yaml",
				   "no cgroup controller %s is mounted", needed[i]);
	}
	if (!v1 && *unified)
		look_at_v2(d, unified);
	if (d->findings == before)
		doctor_ok(d, "cgroup v%d with cpu, memory and pids", v1 ? 1 : 2);
}
