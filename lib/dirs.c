/* dirs: DIAGNOSTICS: ERR_OPERATOR if a configured path is wrong, is not ours, or leads through a
 * link that another user could have created. */
#include "lib/dirs.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static bool is_foreign(uid_t uid)
{
	return geteuid() == 0 && uid != 0;
}

/* Calls mkdirat as the owner of the parent directory. Returns -1 with errno set. A change of ids
 * makes the kernel forget the signal that we get when our parent dies (prctl(2)). */
static int make_as_owner(int at, const struct stat *holder, const char *name, mode_t mode)
{
	pid_t parent = getppid();
	int rc, saved, death = 0;

	if (!is_foreign(holder->st_uid))
		return mkdirat(at, name, mode & 0777);
	prctl(PR_GET_PDEATHSIG, &death);
	if (seteuid(holder->st_uid) < 0)
		return -1;
	rc = mkdirat(at, name, mode & 0777);
	saved = errno;
	if (seteuid(0) < 0)
		abort();
	prctl(PR_SET_PDEATHSIG, death);
	if (death && getppid() != parent)
		raise(death);
	errno = saved;
	return rc;
}

/* Never follows a link in the last component. */
int dirs_make_at(int at, const char *name, const char *path, mode_t mode, struct dir_made *how,
		 struct err *e)
{
	own_fd int fd = -1;
	struct stat holder, st;
	bool made;

	if (fstat(at, &holder) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at the directory of %s", path);
	made = make_as_owner(at, &holder, name, mode) == 0;
	if (!made && errno != EEXIST)
		return err_sys(e, ERR_OPERATOR, "cannot make the directory %s", path);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return err_set(e, ERR_OPERATOR,
			       "%s is not a directory; move it away, or, if it is a symbolic link, "
			       "name its target in hornero.yaml",
			       path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open the directory %s", path);
	if (made && st.st_uid != (is_foreign(holder.st_uid) ? holder.st_uid : geteuid()))
		return err_set(e, ERR_OPERATOR,
			       "%s was replaced while it was created; user %u, who owns the parent "
			       "directory, can do that",
			       path, holder.st_uid);
	if (made && fchmod(fd, mode) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot set the mode of %s", path);
	if (how)
		*how = (struct dir_made){made, holder.st_uid, holder.st_dev};
	return steal_fd(&fd);
}

/* Follows the symbolic link `name` in `at`. Root follows it only if root owns both the link and its
 * directory. */
static int follow(int at, const char *name, const char *path, struct err *e)
{
	struct stat holder, link;
	int fd;

	if (fstat(at, &holder) < 0 || fstatat(at, name, &link, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at %s of %s", name, path);
	if (S_ISLNK(link.st_mode) && (is_foreign(holder.st_uid) || is_foreign(link.st_uid)))
		return err_set(e, ERR_OPERATOR,
			       "%s leads through %s, a symbolic link that user %u can change: root "
			       "does not follow it; name its target in hornero.yaml",
			       path, name, is_foreign(holder.st_uid) ? holder.st_uid : link.st_uid);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, ERR_OPERATOR, "cannot open the directory %s of %s", name, path)
		      : fd;
}

/* Opens one component on the way: an existing directory, a link, or a new directory. */
static int step(int at, const char *name, const char *path, struct err *e)
{
	int fd = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == ENOENT ? dirs_make_at(at, name, path, 0755, NULL, e)
			       : follow(at, name, path, e);
}

/* Opens the directory that holds the last component, and stores that component's name in *last. */
static int walk(const char *path, char *copy, const char **last, struct err *e)
{
	own_fd int at = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *rest, *name = strtok_r(copy, "/", &rest), *next;

	if (at < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open the directory %s",
			       *path == '/' ? "/" : ".");
	*last = name ? name : ".";
	for (; name && (next = strtok_r(NULL, "/", &rest)); *last = name = next) {
		int fd = step(at, name, path, e);

		if (fd < 0)
			return -1;
		own_fd_end(&at);
		at = fd;
	}
	return steal_fd(&at);
}

int dirs_make(const char *path, mode_t mode, struct dir_made *how, struct err *e)
{
	own_free char *copy = fs_path("%s", path);
	const char *last;
	own_fd int at = walk(path, copy, &last, e);

	return at < 0 ? -1 : dirs_make_at(at, last, path, mode, how, e);
}

int fs_mkdir_p(const char *path, mode_t mode, struct err *e)
{
	own_free char *copy = fs_path("%s", path);
	const char *last;
	own_fd int at = walk(path, copy, &last, e);
	own_fd int fd = -1;
	struct stat st;

	if (at < 0)
		return -1;
	fd = fstatat(at, last, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)
		     ? follow(at, last, path, e)
		     : dirs_make_at(at, last, path, mode, NULL, e);
	return fd < 0 ? -1 : 0;
}
