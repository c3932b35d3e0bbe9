/* worktree: DIAGNOSTICS: ERR_PUSHER if a name cannot be a file on this filesystem, ERR_OPERATOR if
 * WORK or a file in it is not ours to change, ERR_NOBODY if the disk is full. */
#include "agent/sandboxed/checkout/worktree.h"

#include "agent/sandboxed/checkout/treeindex.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* The pusher chose a name that the filesystem cannot hold; all other errors come from the node's
 * setup. */
static int fail(const char *act, const char *name, struct err *e)
{
	bool pusher = errno == ENAMETOOLONG || errno == EILSEQ || errno == EINVAL;

	return err_sys(e, pusher ? ERR_PUSHER : ERR_OPERATOR, "cannot %s %s", act, name);
}

static void read_boot(char out[37])
{
	own_fd int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, out, 36) != 36)
		out[0] = '\0';
	out[36] = '\0';
}

int worktree_open(struct worktree *w, const char *path, struct err *e)
{
	int fd = fs_open_dir(AT_FDCWD, path, e);

	if (fd < 0)
		return -1;
	w->dir = fd;
	read_boot(w->boot);
	return 0;
}

void worktree_close(struct worktree *w)
{
	close(w->dir);
	w->dir = -1;
}

int worktree_begin(struct worktree *w, bool clean, struct err *e)
{
	own_fd int src = -1;
	own_fd int cache = -1;

	if (worktree_remove(w->dir, TREEINDEX_NAME, e) < 0)
		return -1;
	if (clean && (fs_remove_tree(w->dir, "src", e) < 0 ||
		      fs_remove_tree(w->dir, "cache", e) < 0 ||
		      fs_remove_tree(w->dir, WORKTREE_CORE, e) < 0))
		return -1;
	src = worktree_enter(w->dir, "src", e);
	if (src < 0)
		return -1;
	cache = worktree_enter(w->dir, "cache", e);
	return cache < 0 ? -1 : steal_fd(&src);
}

/* Undoes a builder's chmod and the effect of a default ACL. Keeps the set-group-ID bit, which comes
 * from the parent. */
static int set_mode(int fd, mode_t mode)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	return (st.st_mode & 05777) == mode ? 0 : fchmod(fd, (st.st_mode & S_ISGID) | mode);
}

int worktree_enter(int dir, const char *name, struct err *e)
{
	for (int tries = 0; tries < 4; tries++) {
		int fd = fs_enter_beneath(dir, name);
		int why = errno;

		if (fd >= 0 && set_mode(fd, 0755) < 0) {
			why = errno;
			close(fd);
			errno = why;
			break;
		}
		if (fd >= 0)
			return fd;
		if ((why == ENOTDIR || why == ELOOP) && worktree_remove(dir, name, e) < 0)
			return -1;
		errno = why;
		if (why != ENOTDIR && why != ELOOP && why != ENOENT)
			break;
		if (mkdirat(dir, name, 0755) < 0)
			break;
	}
	return fail("enter the directory", name, e);
}

int worktree_file(int dir, const char *name, bool executable, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL;
	const mode_t mode = executable ? 0755 : 0644;
	own_fd int fd = fs_open_beneath(dir, name, flags, mode);

	if (fd < 0 && errno == EEXIST) {
		if (worktree_remove(dir, name, e) < 0)
			return -1;
		fd = fs_open_beneath(dir, name, flags, mode);
	}
	return fd < 0 || set_mode(fd, mode) < 0 ? fail("write", name, e) : steal_fd(&fd);
}

int worktree_link(int dir, const char *name, const char *target, struct err *e)
{
	if (FAILSTEP("worktree-symlink", symlinkat(target, dir, name)) == 0)
		return 0;
	if (errno == EEXIST) {
		if (worktree_remove(dir, name, e) < 0)
			return -1;
		if (FAILSTEP("worktree-symlink-again", symlinkat(target, dir, name)) == 0)
			return 0;
	}
	return fail("write the link", name, e);
}

int worktree_remove(int dir, const char *name, struct err *e)
{
	return fs_remove_tree(dir, name, e);
}
