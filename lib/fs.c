/* fs: DIAGNOSTICS: ERR_OPERATOR if a configured path is wrong, ERR_NOBODY if the disk is full or no
 * descriptors are left. */
#include "lib/fs.h"

#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/own.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int fs_open_beneath(int dir, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return (int)fd;
}

static int enter(int dir, const char *name)
{
	own_fd int fd = fs_open_beneath(dir, name, O_RDONLY | O_DIRECTORY, 0);
	struct stat st;

	if (fd < 0 && errno == EACCES && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode) && (st.st_mode & 0700) != 0700 &&
	    fchmodat(dir, name, (st.st_mode | 0700) & 07777, 0) == 0)
		fd = fs_open_beneath(dir, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0 || fstat(fd, &st) < 0 ||
	    ((st.st_mode & 0700) != 0700 && fchmod(fd, (st.st_mode | 0700) & 07777) < 0))
		return -1;
	return steal_fd(&fd);
}

int fs_enter_beneath(int dir, const char *path)
{
	own_fd int at = -1;

	for (const char *end, *name = path; name; name = end ? end + 1 : NULL) {
		own_free char *one = NULL;
		int next;

		end = strchr(name, '/');
		one = fs_path("%.*s", end ? (int)(end - name) : (int)strlen(name), name);
		next = enter(at < 0 ? dir : at, one);
		if (next < 0)
			return -1;
		own_fd_end(&at);
		at = next;
	}
	return steal_fd(&at);
}

int fs_open_dir(int dir, const char *path, struct err *e)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open the directory %s", path);
	return fd;
}

int fs_read_fd(int fd, const char *name, size_t max, char **buf, size_t *len, struct err *e)
{
	own_free char *data = NULL;
	struct stat st;
	size_t used = 0;

	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot stat %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_OPERATOR, "%s is not a regular file", name);
	if (st.st_size > (off_t)max)
		return err_set(e, ERR_OPERATOR, "%s has %lld bytes; at most %zu are allowed", name,
			       (long long)st.st_size, max);
	data = malloc(max < (size_t)st.st_size + 4096 ? max + 1 : (size_t)st.st_size + 4096);
	if (!data)
		return err_set(e, ERR_NOBODY, "out of memory for %s", name);
	max = max < (size_t)st.st_size + 4096 ? max : (size_t)st.st_size + 4095;
	while (used < max) {
		ssize_t n = read(fd, data + used, max - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_OPERATOR, "cannot read %s", name);
		if (n == 0)
			break;
		used += (size_t)n;
	}
	data[used] = '\0';
	*len = used;
	*buf = steal_ptr(&data);
	return 0;
}

int fs_read(int dir, const char *path, size_t max, char **buf, size_t *len, struct err *e)
{
	own_fd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s", path);
	return fs_read_fd(fd, path, max, buf, len, e);
}

ssize_t fs_pread(int fd, void *buf, size_t len, int64_t at)
{
	size_t used = 0;

	while (used < len) {
		ssize_t n = pread(fd, (char *)buf + used, len - used, at + (int64_t)used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

int64_t fs_born_ns(int dir, const char *path)
{
	struct statx sx;

	if (statx(dir, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &sx) < 0 ||
	    !(sx.stx_mask & STATX_BTIME))
		return 0;
	return (int64_t)sx.stx_btime.tv_sec * 1000000000 + sx.stx_btime.tv_nsec;
}

bool fs_is_still(int dir, const char *path, uint64_t ino, int64_t size_bytes, int64_t born_ns)
{
	struct stat st;

	return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == ino &&
	       st.st_size == size_bytes && fs_born_ns(dir, path) == born_ns;
}

bool fs_is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

bool fs_is_named(int dir, const char *name, int fd)
{
	struct stat ours, found;

	return fstat(fd, &ours) == 0 && fstatat(dir, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fs_is_same(&ours, &found);
}

int fs_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int fs_sync_dir(int dir, const char *path, struct err *e)
{
	own_fd int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || FAILSTEP("dir-sync", fsync(fd)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make the directory %s durable", path);
	return 0;
}

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return fs_path(".");
	return fs_path("%.*s", slash == path ? 1 : (int)(slash - path), path);
}

int fs_sync_parent(int dir, const char *path, struct err *e)
{
	own_free char *parent = parent_of(path);

	return fs_sync_dir(dir, parent, e);
}

static int give(int fd, const struct stat *like)
{
	if (fchown(fd, like->st_uid, like->st_gid) < 0)
		return -1;
	return fchmod(fd, like->st_mode & 0777);
}

/* O_EXCL: an existing file belongs to a dead writer or to another user, who must not get our
 * bytes. */
int fs_create(int dir, const char *name, int flags, mode_t mode)
{
	int fd;

	for (int i = 0; i < 3; i++) {
		fd = openat(dir, name, flags | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (fd >= 0 || errno != EEXIST ||
		    FAILSTEP("create-unlink", unlinkat(dir, name, 0)) < 0)
			break;
	}
	return fd;
}

struct how {
	mode_t mode;
	const struct stat *like; /* NULL: mode applies */
	bool unsynced;
};

/* Opens the directory once, so that every step uses the same one. */
static int replace(int dir, const char *path, const void *data, size_t len, const struct how *how,
		   struct err *e)
{
	const struct stat *like = how->like;
	own_free char *parent = parent_of(path);
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	own_free char *staging = fs_path(".%s.%ld.tmp", name, (long)getpid());
	own_fd int at = openat(dir, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_fd int fd = at < 0 ? -1 : fs_create(at, staging, O_WRONLY, 0600);

	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write beside %s", path);
	if (FAILSTEP("replace-write", fs_write_all(fd, data, len)) < 0 ||
	    (like ? give(fd, like) : fchmod(fd, how->mode)) < 0 ||
	    (!how->unsynced && FAILSTEP("replace-sync", fsync(fd)) < 0) ||
	    FAILSTEP("replace-rename", renameat(at, staging, at, name)) < 0) {
		err_sys(e, ERR_OPERATOR, "cannot replace %s%s", path,
			like ? " by a file of the same owner and group" : "");
		FAILSTEP("replace-undo", unlinkat(at, staging, 0));
		return -1;
	}
	return !how->unsynced && FAILSTEP("replace-sync-dir", fsync(at)) < 0
		       ? err_sys(e, ERR_OPERATOR, "cannot make the directory %s durable", parent)
		       : 0;
}

int fs_replace(int dir, const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	return replace(dir, path, data, len, &(struct how){.mode = mode}, e);
}

int fs_replace_unsynced(int dir, const char *path, const void *data, size_t len, mode_t mode,
			struct err *e)
{
	return replace(dir, path, data, len, &(struct how){.mode = mode, .unsynced = true}, e);
}

int fs_replace_like(int dir, const char *path, const void *data, size_t len,
		    const struct stat *like, struct err *e)
{
	return replace(dir, path, data, len, &(struct how){.like = like}, e);
}

/* Returns the PID in ".NAME.PID.tmp", or 0 for other names. */
static pid_t writer_of(const char *name)
{
	const char *end = name + strlen(name) - strlen(".tmp");
	const char *digits = end;

	if (name[0] != '.' || end <= name || strcmp(end, ".tmp") != 0)
		return 0;
	while (digits > name && digits[-1] >= '0' && digits[-1] <= '9')
		digits--;
	return digits > name + 1 && digits < end && digits[-1] == '.'
		       ? (pid_t)strtol(digits, NULL, 10)
		       : 0;
}

/* A process that has ended writes no more, even if its parent does not look at it for a while: kill
 * still finds it, but its pidfd is readable. */
static bool has_ended(pid_t pid)
{
	own_fd int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = {.fd = fd, .events = POLLIN};

	return fd < 0 ? errno == ESRCH : poll(&ended, 1, 0) == 1;
}

int fs_clear_staging(const char *dir, struct err *e)
{
	own_dir DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s", dir);
	while ((entry = readdir(d))) {
		pid_t writer = writer_of(entry->d_name);

		if (writer > 0 && has_ended(writer) &&
		    FAILSTEP("staging-clear", unlinkat(dirfd(d), entry->d_name, 0)) < 0 &&
		    errno != ENOENT)
			return err_sys(e, ERR_OPERATOR, "cannot remove %s/%s", dir, entry->d_name);
	}
	return 0;
}

/* Two descriptors per level. A builder may nest deeper than our descriptors reach. */
enum { REMOVE_DEPTH = 100 };

struct removal {
	int root;            /* the directory that fs_remove_tree removes */
	unsigned int parked; /* number of directories moved up into root for another round */
};

static int remove_at(struct removal *r, int dir, const char *name, int depth, struct err *e);

static int empty_dir(struct removal *r, int fd, int depth, struct err *e)
{
	own_dir DIR *d = NULL;
	struct dirent *entry;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list a directory to remove it");
	rewinddir(d);
	while ((entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (remove_at(r, fd, entry->d_name, depth + 1, e) < 0)
			return -1;
	}
	return 0;
}

static int park(struct removal *r, int dir, const char *name, struct err *e)
{
	char parked[32];
	int rc;

	/* A builder or an interrupted removal may have used such names. */
	do {
		snprintf(parked, sizeof(parked), ".deep.%u", r->parked++);
		rc = FAILSTEP("tree-park", renameat(dir, name, r->root, parked));
	} while (rc < 0 && (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR));
	return rc < 0 ? err_sys(e, ERR_OPERATOR, "cannot remove %s: nested too deep", name) : 0;
}

static int remove_at(struct removal *r, int dir, const char *name, int depth, struct err *e)
{
	own_fd int fd = -1;
	unsigned int before;

	if (FAILSTEP("tree-unlink", unlinkat(dir, name, 0)) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM && errno != EACCES)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES && fchmodat(dir, name, 0700, 0) == 0)
		fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", name);
	(void)!fchmod(fd, 0700);
	if (depth == REMOVE_DEPTH)
		return park(r, dir, name, e);
	if (depth == 0)
		r->root = fd;
	do {
		before = r->parked;
		if (empty_dir(r, fd, depth, e) < 0)
			return -1;
	} while (depth == 0 && r->parked != before);
	if (FAILSTEP("tree-rmdir", unlinkat(dir, name, AT_REMOVEDIR)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove the directory %s", name);
	return 0;
}

int fs_remove_tree(int dir, const char *name, struct err *e)
{
	struct removal r = {.root = -1};

	return remove_at(&r, dir, name, 0, e);
}

static int take_lock(int fd, int kind, int wait_ms, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + wait_ms;
	const struct timespec pause = {.tv_nsec = 200000};

	for (;;) {
		if (flock(fd, kind | LOCK_NB) == 0)
			return 1;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, ERR_OPERATOR, "cannot take a lock");
		if (clock_mono_ms() >= deadline_ms)
			return 0;
		nanosleep(&pause, NULL);
	}
}

int fs_flock(int fd, int wait_ms, struct err *e)
{
	return take_lock(fd, LOCK_EX, wait_ms, e);
}

int fs_flock_shared(int fd, int wait_ms, struct err *e)
{
	return take_lock(fd, LOCK_SH, wait_ms, e);
}

char *fs_path(const char *fmt, ...)
{
	char *out = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&out, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	return out;
}
