/* build_move: the builder's file itself becomes the store's, where nobody else can reach its bytes:
 * nothing is copied then.
 * DIAGNOSTICS: ERR_OPERATOR if the file cannot be renamed or given to root. */
#include "agent/build/build.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Attributes that a build can set and a copy would not have: nobody can change or remove such a
 * file, or read it once a key is gone, or the filesystem stores it in another way. */
#define ODD_ATTRIBUTES                                                                             \
	(STATX_ATTR_COMPRESSED | STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_ENCRYPTED | \
	 STATX_ATTR_VERITY | STATX_ATTR_DAX)
#define NEEDED (STATX_BASIC_STATS | STATX_MNT_ID)

/* Room beyond the last byte: filesystems allocate a little ahead, and only a little. */
enum { BLOCK = 512, AHEAD_BYTES = 1 << 20 };

static bool look(int fd, struct statx *out)
{
	return statx(fd, "", AT_EMPTY_PATH, NEEDED, out) == 0 &&
	       (out->stx_mask & NEEDED) == NEEDED;
}

/* A file with several names, or with access lists, is not ours alone after a rename. */
static bool is_plain(int fd, const struct statx *x)
{
	return S_ISREG(x->stx_mode) && x->stx_nlink == 1 &&
	       (x->stx_attributes & ODD_ATTRIBUTES) == 0 &&
	       x->stx_blocks * BLOCK <= x->stx_size + AHEAD_BYTES && flistxattr(fd, NULL, 0) == 0;
}

bool build_move_possible(const struct build_artifact *a, int stage)
{
	struct statx file, there;

	/* rename(2) also fails between two mounts of one filesystem. */
	return a->dir >= 0 && look(a->fd, &file) && look(stage, &there) &&
	       file.stx_mnt_id == there.stx_mnt_id && is_plain(a->fd, &file) &&
	       fs_is_named(a->dir, a->name, a->fd);
}

/* The times are the builder's, too, and may lie beyond the year 2262, where ours end. */
static int make_ours(int fd)
{
	return (geteuid() == 0 && fchown(fd, 0, 0) < 0) || fchmod(fd, 0600) < 0 ||
			       futimens(fd, NULL) < 0
		       ? -1
		       : 0;
}

int build_move(struct build *b, const struct build_artifact *a, const char *path)
{
	/* Before a file replaces another, ext4 allocates all its blocks: 45 ms for 120 MB. */
	FAILSTEP("move-clear", unlink(path));
	if (make_ours(a->fd) < 0 ||
	    FAILSTEP("move-rename", renameat(a->dir, a->name, AT_FDCWD, path)) < 0)
		return verdict_sys(&b->verdict, ERR_OPERATOR, CAUSE_STORE,
				   "cannot take %s out of the checkout", a->name);
	failpoint("build-moved");
	return fs_is_named(AT_FDCWD, path, a->fd)
		       ? 0
		       : verdict_say(&b->verdict, ERR_NOBODY, CAUSE_STORE,
				     "%s was replaced while it was taken out of the checkout",
				     a->name);
}
