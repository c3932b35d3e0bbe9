/* unchanged: DIAGNOSTICS: none; without memory to remember a directory, it is read again. */
#include "agent/publish/unchanged.h"

#include "lib/clock.h"

#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>

enum { COARSE_S = 2 };

struct unchanged_dir {
	dev_t dev;
	ino_t ino;
	struct timespec mtime, ctime;
};

bool unchanged_is_local(int fd)
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

void unchanged_begin(struct unchanged *u, int top)
{
	u->is_usable = unchanged_is_local(top);
	u->begun_s = clock_wall_ms() / 1000;
}

static struct unchanged_dir dir_of(const struct stat *st)
{
	return (struct unchanged_dir){st->st_dev, st->st_ino, st->st_mtim, st->st_ctim};
}

void unchanged_add(struct unchanged *u, const struct stat *st)
{
	int64_t settled_s = u->begun_s - COARSE_S;

	if (!u->is_usable || u->is_sealed || st->st_mtim.tv_sec >= settled_s ||
	    st->st_ctim.tv_sec >= settled_s)
		return;
	if (u->n == u->room) {
		size_t room = u->room ? 2 * u->room : 256;
		struct unchanged_dir *list = realloc(u->list, room * sizeof(*list));

		if (!list)
			return;
		u->list = list;
		u->room = room;
	}
	u->list[u->n++] = dir_of(st);
}

static int by_inode(const void *a, const void *b)
{
	const struct unchanged_dir *left = a;
	const struct unchanged_dir *right = b;

	if (left->ino != right->ino)
		return left->ino < right->ino ? -1 : 1;
	return left->dev < right->dev ? -1 : left->dev > right->dev;
}

void unchanged_seal(struct unchanged *u)
{
	if (u->n > 0)
		qsort(u->list, u->n, sizeof(*u->list), by_inode);
	u->is_sealed = true;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool unchanged_knows(const struct unchanged *u, const struct stat *st)
{
	struct unchanged_dir want = dir_of(st);
	const struct unchanged_dir *found;

	if (!u->is_sealed || u->n == 0)
		return false;
	found = bsearch(&want, u->list, u->n, sizeof(*u->list), by_inode);
	return found && is_same_time(found->mtime, want.mtime) &&
	       is_same_time(found->ctime, want.ctime);
}

void unchanged_fini(struct unchanged *u)
{
	free(u->list);
	*u = (struct unchanged)UNCHANGED_INIT;
}
