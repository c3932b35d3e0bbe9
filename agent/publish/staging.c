/* staging: DIAGNOSTICS: ERR_OPERATOR if the cache directory is not writable, ERR_NOBODY if the disk
 * is full or another publisher works on the same publication. */
#include "agent/publish/staging.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define PREFIX ".hornero-"

/* Returns 1 if removed, 0 if it is in use or not ours to remove. */
static int remove_leftover(int dir, const char *name)
{
	own_fd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || !fs_is_named(dir, name, fd))
		return 0;
	if (FAILSTEP("leftover-unlink", unlinkat(dir, name, 0)) < 0)
		return 0;
	log_info("event=leftover-removed name=%s", name);
	return 1;
}

int staging_sweep(int dir)
{
	own_fd int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int n = 0;

	if (!d)
		return 0;
	copy = -1; /* the stream owns it now */
	while ((entry = readdir(d)))
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0)
			n += remove_leftover(dir, entry->d_name);
	return n;
}

static int give_away(int dir, int fd, struct err *e)
{
	struct stat owner;

	if (fchmod(fd, 0644) < 0)
		return err_sys(e, ERR_OPERATOR,
			       "cannot set the mode of a file in the cache directory");
	if (geteuid() != 0)
		return 0;
	if (fstat(dir, &owner) < 0 || fchown(fd, owner.st_uid, owner.st_gid) < 0)
		return err_sys(e, ERR_OPERATOR,
			       "cannot give a file in the cache directory to its owner");
	return 0;
}

enum { STAGING_NAME = sizeof(((struct staging *)0)->name) };

static void name_it(char name[STAGING_NAME], const struct peer_request *req)
{
	snprintf(name, STAGING_NAME, PREFIX "%s.%lld.%lld.%s", req->image,
		 (long long)req->fence.job, (long long)req->fence.attempt, req->fence.token);
}

static int is_busy(const struct peer_request *req, struct err *e)
{
	return err_set(e, ERR_NOBODY, "another publisher is at work on attempt %lld of job %lld",
		       (long long)req->fence.attempt, (long long)req->fence.job);
}

int staging_open(struct staging *s, int dir, const struct peer_request *req, struct err *e)
{
	char name[STAGING_NAME];

	name_it(name, req);
	for (;;) {
		own_fd int fd = openat(dir, name,
				       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		bool is_there = fd < 0 && errno == EEXIST;
		int held;

		if (is_there && remove_leftover(dir, name) == 1)
			continue;
		if (is_there)
			return is_busy(req, e);
		if (fd < 0)
			return err_sys(e, ERR_OPERATOR,
				       "cannot write to Nova's cache directory; it must be "
				       "writable for the publisher's user");
		held = fs_flock(fd, 1000, e);
		if (held < 0) {
			FAILSTEP("staging-unlocked", unlinkat(dir, name, 0));
			return -1;
		}
		if (held == 0 || !fs_is_named(dir, name, fd))
			continue;
		s->dir = dir;
		s->fd = steal_fd(&fd);
		memcpy(s->name, name, sizeof(name));
		return give_away(dir, s->fd, e);
	}
}

int staging_take(struct staging *s, int dir, const struct peer_request *req, const char *source,
		 struct err *e)
{
	own_fd int fd = openat(dir, source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char name[STAGING_NAME];

	name_it(name, req);
	remove_leftover(dir, name);
	/* Lock it before it has the name: otherwise staging_sweep() could remove it. */
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ||
	    FAILSTEP("staging-take", linkat(dir, source, dir, name, 0)) < 0) {
		if (fd >= 0 && (errno == EWOULDBLOCK || errno == EEXIST))
			return is_busy(req, e);
		return err_sys(e, errno == ENOENT ? ERR_NOBODY : ERR_OPERATOR,
			       "cannot take %s in Nova's cache", source);
	}
	if (!fs_is_named(dir, name, fd)) {
		FAILSTEP("staging-untake", unlinkat(dir, name, 0));
		return err_set(e, ERR_NOBODY, "%s in Nova's cache was replaced meanwhile", source);
	}
	s->dir = dir;
	s->fd = steal_fd(&fd);
	memcpy(s->name, name, sizeof(name));
	return 0;
}

int staging_link(const struct staging *s, const char *name, struct err *e)
{
	if (FAILSTEP("staging-link", linkat(s->dir, s->name, s->dir, name, 0)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot give the name %s to a file in Nova's cache",
			       name);
	return 0;
}

int staging_rename(struct staging *s, const char *final_name, struct err *e)
{
	if (FAILSTEP("staging-rename", renameat(s->dir, s->name, s->dir, final_name)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot rename %s to %s in Nova's cache", s->name,
			       final_name);
	/* If both names are the same file, rename(2) does nothing and returns success. */
	FAILSTEP("staging-same", unlinkat(s->dir, s->name, 0));
	s->name[0] = '\0';
	return 0;
}

int staging_rename_new(struct staging *s, const char *final_name, struct err *e)
{
	if (FAILSTEP("staging-rename-new",
		     renameat2(s->dir, s->name, s->dir, final_name, RENAME_NOREPLACE)) == 0) {
		s->name[0] = '\0';
		return 0;
	}
	/* Some filesystems lack the flag. The caller has just checked the name, under Nova's
	 * lock. */
	if (errno == EINVAL)
		return staging_rename(s, final_name, e);
	return err_sys(e, ERR_OPERATOR, "cannot rename %s to %s in Nova's cache", s->name,
		       final_name);
}

int staging_link_over(const struct staging *s, const char *name, struct err *e)
{
	own_free char *second = fs_path("%s.2", s->name);

	/* A leftover: while we hold the lock, nobody else makes names of this attempt. */
	FAILSTEP("staging-second-clear", unlinkat(s->dir, second, 0));
	if (FAILSTEP("staging-second", linkat(s->dir, s->name, s->dir, second, 0)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot link %s in Nova's cache", s->name);
	if (FAILSTEP("staging-second-rename", renameat(s->dir, second, s->dir, name)) < 0) {
		err_sys(e, ERR_OPERATOR, "cannot rename %s to %s in Nova's cache", second, name);
		FAILSTEP("staging-second-undo", unlinkat(s->dir, second, 0));
		return -1;
	}
	FAILSTEP("staging-second-same", unlinkat(s->dir, second, 0)); /* as in staging_rename */
	return 0;
}

void staging_close(struct staging *s)
{
	int saved = errno;

	if (s->name[0] != '\0')
		FAILSTEP("staging-unlink", unlinkat(s->dir, s->name, 0));
	s->name[0] = '\0';
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	errno = saved;
}
