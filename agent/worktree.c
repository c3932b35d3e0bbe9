/* worktree: DIAGNOSTICS: ERR_PUSHER where a name cannot be a file on this filesystem, ERR_OPERATOR where
 * WORK or a file in it is not ours to change, ERR_NOBODY where the disk is full. */
#include "agent/worktree.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define STATE "tree"
enum { STATE_MAX = 255 };

/* A name that the filesystem cannot hold is the pusher's; all else is how the node is set up. */
static int fail(const char *act, const char *name, struct err *e)
{
	return err_sys(e, errno == ENAMETOOLONG || errno == EILSEQ || errno == EINVAL ? ERR_PUSHER : ERR_OPERATOR,
		       "cannot %s %s", act, name);
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

/* "tree OID\nfiles N\nboot ID\n", and nothing but that. */
static int print_state(char *buf, size_t size, const struct worktree_state *s, const char *boot)
{
	return snprintf(buf, size, "tree %s\nfiles %" PRIu64 "\nboot %s\n", s->tree, s->files, boot);
}

bool worktree_state(const struct worktree *w, struct worktree_state *out)
{
	own_fd int fd = fs_open_beneath(w->dir, STATE, O_RDONLY | O_NONBLOCK, 0);
	char text[STATE_MAX + 1], again[STATE_MAX + 1];
	struct worktree_state s = {.files = 0};
	ssize_t n = fd < 0 ? -1 : read(fd, text, STATE_MAX);

	if (n < 0 || w->boot[0] == '\0')
		return false;
	text[n] = '\0';
	if (sscanf(text, "tree %64[0-9a-f]\nfiles %" SCNu64, s.tree, &s.files) != 2)
		return false;
	/* Whatever is not exactly what we would have written now is not ours, or of an earlier boot. */
	print_state(again, sizeof(again), &s, w->boot);
	if (strcmp(text, again) != 0)
		return false;
	*out = s;
	return true;
}

int worktree_begin(struct worktree *w, enum worktree_from from, bool *fresh, struct err *e)
{
	own_fd int src = -1;
	own_fd int cache = -1;
	bool ignored;

	if (worktree_remove(w->dir, STATE, e) < 0)
		return -1;
	if (from != WORKTREE_FROM_STATE && fs_remove_tree(w->dir, "src", e) < 0)
		return -1;
	if (from == WORKTREE_FROM_CLEAN && fs_remove_tree(w->dir, "cache", e) < 0)
		return -1;
	src = worktree_enter(w->dir, "src", fresh, e);
	if (src < 0)
		return -1;
	cache = worktree_enter(w->dir, "cache", &ignored, e);
	return cache < 0 ? -1 : steal_fd(&src);
}

int worktree_end(struct worktree *w, const struct worktree_state *state, struct err *e)
{
	char text[STATE_MAX + 1];
	int n = print_state(text, sizeof(text), state, w->boot);
	own_fd int fd = worktree_file(w->dir, STATE, false, e);

	if (fd < 0)
		return -1;
	/* Not aside: who reads it takes nothing but the whole. */
	return fs_write_all(fd, text, (size_t)n) < 0 ? fail("write", STATE, e) : 0;
}

int worktree_enter(int dir, const char *name, bool *fresh, struct err *e)
{
	bool made = false;

	for (int tries = 0; tries < 4; tries++) {
		int fd = fs_enter_beneath(dir, name);
		int why = errno;

		if (fd >= 0) {
			*fresh = made;
			return fd;
		}
		if ((why == ENOTDIR || why == ELOOP) && worktree_remove(dir, name, e) < 0)
			return -1;
		errno = why;
		if (why != ENOTDIR && why != ELOOP && why != ENOENT)
			break;
		if (mkdirat(dir, name, 0755) < 0)
			break;
		made = true;
	}
	return fail("enter the directory", name, e);
}

int worktree_file(int dir, const char *name, bool executable, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL;
	const mode_t mode = executable ? 0755 : 0644;
	int fd = fs_open_beneath(dir, name, flags, mode);

	if (fd < 0 && errno == EEXIST) {
		if (worktree_remove(dir, name, e) < 0)
			return -1;
		fd = fs_open_beneath(dir, name, flags, mode);
	}
	return fd < 0 ? fail("write", name, e) : fd;
}

int worktree_link(int dir, const char *name, const char *target, struct err *e)
{
	if (symlinkat(target, dir, name) == 0)
		return 0;
	if (errno == EEXIST) {
		if (worktree_remove(dir, name, e) < 0)
			return -1;
		if (symlinkat(target, dir, name) == 0)
			return 0;
	}
	return fail("write the link", name, e);
}

int worktree_remove(int dir, const char *name, struct err *e)
{
	return fs_remove_tree(dir, name, e);
}

int worktree_remove_empty(int dir, const char *name, struct err *e)
{
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST)
		return 0;
	/* Not a directory any more: what a builder put in its place goes with it. */
	return errno == ENOTDIR ? worktree_remove(dir, name, e) : fail("remove the directory", name, e);
}
