/* quiet: DIAGNOSTICS: none; without memory to remember a directory, it is read again. */
#include "agent/publish/unchanged.h"

#include "lib/clock.h"

#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>

enum { COARSE_S = 2 };

struct quiet_dir {
	dev_t dev;
	ino_t ino;
	struct timespec mtime, ctime;
};

bool quiet_is_local(int fd)
{
	static const long long local[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC, F2FS_SUPER_MAGIC,
		0x2fc12fc1 /* ZFS */, 0xca451a4e /* bcachefs */,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (((long long)fs.f_type & 0xffffffff) == local[i])
			return true;
	return false;
}

void quiet_begin(struct quiet *q, int top)
{
	q->is_usable = quiet_is_local(top);
	q->begun_s = clock_wall_ms() / 1000;
}

static struct quiet_dir dir_of(const struct stat *st)
{
	return (struct quiet_dir){st->st_dev, st->st_ino, st->st_mtim, st->st_ctim};
}

void quiet_add(struct quiet *q, const struct stat *st)
{
	int64_t settled_s = q->begun_s - COARSE_S;

	if (!q->is_usable || q->is_sealed || st->st_mtim.tv_sec >= settled_s ||
	    st->st_ctim.tv_sec >= settled_s)
		return;
	if (q->n == q->room) {
		size_t room = q->room ? 2 * q->room : 256;
		struct quiet_dir *list = realloc(q->list, room * sizeof(*list));

		if (!list)
			return;
		q->list = list;
		q->room = room;
	}
	q->list[q->n++] = dir_of(st);
}

static int by_inode(const void *a, const void *b)
{
	const struct quiet_dir *left = a;
	const struct quiet_dir *right = b;

	if (left->ino != right->ino)
		return left->ino < right->ino ? -1 : 1;
	return left->dev < right->dev ? -1 : left->dev > right->dev;
}

void quiet_seal(struct quiet *q)
{
	if (q->n > 0)
		qsort(q->list, q->n, sizeof(*q->list), by_inode);
	q->is_sealed = true;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool quiet_knows(const struct quiet *q, const struct stat *st)
{
	struct quiet_dir want = dir_of(st);
	const struct quiet_dir *found;

	if (!q->is_sealed || q->n == 0)
		return false;
	found = bsearch(&want, q->list, q->n, sizeof(*q->list), by_inode);
	return found && is_same_time(found->mtime, want.mtime) &&
	       is_same_time(found->ctime, want.ctime);
}

void quiet_fini(struct quiet *q)
{
	free(q->list);
	*q = (struct quiet)QUIET_INIT;
}
