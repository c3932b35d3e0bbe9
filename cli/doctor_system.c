/* doctor_system: checks kernel, clock, mounts and the speed of the queue's disk. DIAGNOSTICS:
 * findings. */
#include "cli/doctor.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <mntent.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/utsname.h>

/* clone3 into a group, pidfds, close_range and openat2 are all there from this version on. */
enum { KERNEL_MAJOR = 5, KERNEL_MINOR = 10 };

static void look_at_kernel(struct doctor *d)
{
	struct utsname is;
	int major = 0, minor = 0;

	if (uname(&is) == 0 && sscanf(is.release, "%d.%d", &major, &minor) == 2 &&
	    (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR)))
		doctor_say(d, DOCTOR_BAD, "install a newer kernel, then reboot",
			   "Linux %s is too old: hornero needs %d.%d or later", is.release,
			   KERNEL_MAJOR, KERNEL_MINOR);
}

/* Commits, jobs and releases of several nodes are compared by their times, and TLS needs a date. */
static void look_at_clock(struct doctor *d)
{
	struct timex t = {.modes = 0};
	int state = adjtimex(&t);

	if (state == TIME_ERROR || (state >= 0 && (t.status & STA_UNSYNC)))
		doctor_say(d, DOCTOR_WARN, "timedatectl set-ntp true",
			   "the clock is not synchronised");
}

static bool is_mounted(const char *dir)
{
	FILE *list = setmntent("/proc/self/mounts", "re");
	const struct mntent *m;
	bool found = false;

	while (list && !found && (m = getmntent(list)))
		found = strcmp(m->mnt_dir, dir) == 0;
	if (list)
		endmntent(list);
	return found;
}

static bool is_in(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* A filesystem of /etc/fstab that is not mounted: its directory is empty, and what is written there
 * is lost to view once it is mounted. */
static void look_at_mounts(struct doctor *d)
{
	const struct conf *c = d->c;
	const char *const dirs[] = {c->instances_path, c->cache_dir, c->store_dir, c->state_dir,
				    c->repo_root, c->repo_base};
	FILE *table = setmntent("/etc/fstab", "re");
	const struct mntent *m;

	while (table && (m = getmntent(table))) {
		/* is_mounted() overwrites *m. */
		own_free char *dir = fs_path("%s", m->mnt_dir);
		own_free char *mend = fs_path("mount %s", dir);
		bool used = false;

		for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
			used = used || is_in(dirs[i], dir);
		if (used && strcmp(dir, "/") != 0 && !is_mounted(dir))
			doctor_say(d, DOCTOR_BAD, mend,
				   "%s is in /etc/fstab and not mounted: what is below it is not "
				   "what Nova and hornero use",
				   dir);
	}
	if (table)
		endmntent(table);
}

/* Each push waits for a few of these. */
static void look_at_speed(struct doctor *d)
{
	enum { ROUNDS = 3, SLOW_MS = 300 };
	own_fd int fd = open(d->c->queue_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char block[4096] = "hornero doctor";
	int64_t best_ms = INT64_MAX;

	for (int i = 0; fd >= 0 && i < ROUNDS; i++) {
		int64_t start_ms = clock_mono_ms();

		if (pwrite(fd, block, sizeof(block), 0) < 0 || fsync(fd) < 0)
			return;
		if (clock_mono_ms() - start_ms < best_ms)
			best_ms = clock_mono_ms() - start_ms;
	}
	if (fd >= 0 && best_ms > SLOW_MS)
		doctor_say(d, DOCTOR_WARN,
			   "move state_dir to a faster disk, in hornero.yaml; then: hornero init",
			   "the disk of %s needs %lld ms to sync 4 KiB, and every push waits for "
			   "that",
			   d->c->queue_dir, (long long)best_ms);
}

void doctor_system(struct doctor *d)
{
	int before = d->findings;

	look_at_kernel(d);
	look_at_clock(d);
	look_at_mounts(d);
	look_at_speed(d);
	if (d->findings == before)
		doctor_ok(d, "kernel, clock, mounts and the disk of the queue");
}
