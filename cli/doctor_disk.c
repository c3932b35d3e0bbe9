/* doctor_disk: checks free space, reflinks, and the store. DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/table.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/inventory.h"
#include "store/verify.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static const int64_t DAY_MS = 24 * 3600 * (int64_t)1000;

static void look_at_floor(struct doctor *d, const struct floor *f)
{
	char why[FLOOR_WHY], have[WORDS_MAX], want[WORDS_MAX];
	int64_t free_bytes = floor_free_bytes(f);

	if (free_bytes < 0)
		doctor_say(d, DOCTOR_BAD, "hornero init", "%s: %s", f->dir, strerror(errno));
	else if (floor_is_low(f, why))
		doctor_say(d, DOCTOR_BAD, "hornero gc, or make room on that filesystem",
			   "%s: nothing is built", why);
	else
		doctor_ok(d, "%s free on %s, the floor is %s (%s)", bytes_words(have, free_bytes),
			  f->dir, bytes_words(want, floor_bytes(f)), f->setting);
}

static bool is_one_disk(const char *a, const char *b)
{
	struct stat left, right;

	return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev;
}

/* The first directory of a filesystem that has no inode left; floors look only at some. */
static void look_at_inodes(struct doctor *d)
{
	const struct conf *c = d->c;
	const char *const dirs[] = {c->state_dir,  c->queue_dir, c->log_dir,  c->run_dir,
				    c->images_dir, c->repo_root, c->repo_base, c->store_dir,
				    c->cache_dir,  c->base_dir};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		own_free char *mend = fs_path("see `df -i %s`, and remove files there", dirs[i]);
		struct statvfs fs;
		bool seen = false;

		for (size_t j = 0; j < i && !seen; j++)
			seen = is_one_disk(dirs[i], dirs[j]);
		if (seen || statvfs(dirs[i], &fs) < 0)
			continue;
		if (fs.f_files > 0 && fs.f_favail == 0)
			doctor_say(d, DOCTOR_BAD, mend,
				   "the filesystem of %s has no inodes left: no file can be made "
				   "there", dirs[i]);
		else if (fs.f_bavail == 0)
			doctor_say(d, DOCTOR_BAD, "make room on that filesystem",
				   "the filesystem of %s is full", dirs[i]);
	}
}

/* Without a floor (state_floor: 0) it may fill up. */
static void look_at_log(struct doctor *d)
{
	enum { ROOM = 65536 };
	struct statvfs fs;

	if (statvfs(d->c->log_dir, &fs) == 0 &&
	    ((int64_t)fs.f_bavail * (int64_t)fs.f_frsize < ROOM ||
	     (fs.f_files > 0 && fs.f_favail == 0)))
		doctor_say(d, DOCTOR_BAD, "make room on that filesystem",
			   "the filesystem of %s is full: builds cannot record their results, and "
			   "are tried again",
			   d->c->log_dir);
}

void doctor_disks(struct doctor *d)
{
	struct floor store = conf_store_floor(d->c);
	struct floor work = conf_work_floor(d->c);
	struct floor cache = conf_cache_floor(d->c);
	struct floor state = conf_state_floor(d->c);

	look_at_floor(d, &store);
	if (!is_one_disk(d->c->store_dir, d->c->repo_base))
		look_at_floor(d, &work);
	look_at_floor(d, &cache);
	look_at_floor(d, &state);
	look_at_log(d);
	look_at_inodes(d);
}

/* Tries a reflink between two unnamed files, so nothing is left behind. Returns 1 if reflinks work,
 * 0 if not, -1 if we may not try. */
static int try_reflink(const char *from_dir, const char *to_dir)
{
	own_fd int from = open(from_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	own_fd int to = open(to_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char block[4096] = "hornero doctor";

	if ((from < 0 || to < 0) && errno == EOPNOTSUPP)
		return 0; /* XFS and btrfs have unnamed files */
	if (from < 0 || to < 0 || fs_write_all(from, block, sizeof(block)) < 0)
		return -1;
	return ioctl(to, FICLONE, from) == 0;
}

void doctor_reflinks(struct doctor *d)
{
	static const char mend[] = "put instances_path (Nova's _base and hornero's store) on one "
				   "filesystem with reflinks: XFS or btrfs";
	own_free char *artifacts = fs_path("%s/artifact", d->c->store_dir);
	struct stat store, cache;

	if (stat(artifacts, &store) < 0 || stat(d->c->cache_dir, &cache) < 0) {
		doctor_say(d, DOCTOR_WARN, "hornero init",
			   "cannot test reflinks: the store or Nova's cache does not exist yet");
		return;
	}
	switch (try_reflink(artifacts, d->c->cache_dir)) {
	case 1:
		doctor_ok(d, "store and cache share blocks");
		break;
	case 0:
		/* Different devices alone prove nothing: subvolumes of one btrfs share blocks. */
		if (store.st_dev != cache.st_dev)
			doctor_say(d, DOCTOR_WARN, mend,
				   "reflinks are lost: %s and %s are on two filesystems, each "
				   "publication copies the image",
				   d->c->store_dir, d->c->cache_dir);
		else
			doctor_ok(d,
				  "the filesystem of %s has no reflinks (XFS and btrfs have): each "
				  "publication copies the image",
				  d->c->store_dir);
		break;
	default:
		doctor_say(d, DOCTOR_WARN, "run hornero doctor as root or as hornero_user",
			   "cannot test reflinks in %s and %s: %s", artifacts, d->c->cache_dir,
			   strerror(errno));
	}
}

static void look_at_budget(struct doctor *d, int64_t bytes, size_t n)
{
	char size[WORDS_MAX], most[WORDS_MAX];

	if (d->c->store_budget_bytes > 0 && bytes > d->c->store_budget_bytes)
		doctor_say(d, DOCTOR_WARN, "hornero gc, or a greater store_budget in hornero.yaml",
			   "%zu artifacts take %s, store_budget is %s", n, bytes_words(size, bytes),
			   bytes_words(most, d->c->store_budget_bytes));
	else
		doctor_ok(d, "%zu artifacts take %s, store_budget is %s", n,
			  bytes_words(size, bytes),
			  d->c->store_budget_bytes > 0 ? bytes_words(most, d->c->store_budget_bytes)
						       : "no limit");
}

void doctor_store(struct doctor *d)
{
	own_inventory struct inventory all = {0};
	struct err why = ERR_INIT;
	char words[WORDS_MAX];
	int64_t verified_ms;

	if (inventory_load(&all, d->c->store_dir, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, "hornero init", "%s", why.msg);
		return;
	}
	look_at_budget(d, all.bytes, all.n);
	verified_ms = steady_present_of_wall_ms(&d->cli->clock, store_verified_ms(d->c->store_dir));
	if (all.n == 0 || d->cli->now_ms - verified_ms < 31 * DAY_MS)
		return;
	/* Younger artifacts need no check yet. */
	for (size_t i = 0; i < all.n; i++)
		if (d->cli->now_ms -
			    steady_present_of_wall_ms(&d->cli->clock, all.list[i].built_ms) >
		    31 * DAY_MS) {
			doctor_say(d, DOCTOR_WARN, "hornero gc --verify",
				   "the artifacts were read again %s",
				   verified_ms ? age_since(words, verified_ms, d->cli->now_ms,
							   &d->cli->clock)
					       : "never");
			return;
		}
}
