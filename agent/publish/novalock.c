/* novalock: DIAGNOSTICS: ERR_OPERATOR if the lock directory or a lock file is unusable,
 * ERR_NOBODY if peer_stop() ends the wait. */
#include "agent/publish/novalock.h"

#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/process.h"
#include "state/waiting.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

static const struct flock whole_file = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

/* Makes the directory with the owner of its parent. Otherwise Nova makes it at its first use. */
static int make_locks_dir(const char *instances_path, const char *path, struct err *e)
{
	own_fd int fd = -1;
	struct dir_made how;
	struct stat st;

	if (stat(instances_path, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at %s", instances_path);
	fd = dirs_make(path, 0755, &how, e);
	if (fd < 0)
		return -1;
	if (how.made && geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot give %s to Nova", path);
	return 0;
}

static int open_locks_dir(const char *instances_path, struct err *e)
{
	own_free char *path = fs_path("%s/%s", instances_path, NOVA_LOCKS_SUBDIR);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT && make_locks_dir(instances_path, path, e) < 0)
		return -1;
	return fs_open_dir(AT_FDCWD, path, e);
}

/* Creates a lock file as Nova would. Returns a descriptor, or -1 with errno set. */
static int create_file(int dir, const char *name)
{
	bool is_root = geteuid() == 0;
	/* Nova must be able to write it at any moment, also before root changes the owner. */
	own_fd int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			       is_root ? 0666 : 0644);
	struct stat owner;

	if (fd < 0)
		return -1;
	if (is_root && (fstat(dir, &owner) < 0 || fchown(fd, owner.st_uid, owner.st_gid) < 0))
		return -1;
	if (fchmod(fd, 0644) < 0)
		return -1;
	return steal_fd(&fd);
}

static int open_file(int dir, const char *name, struct err *e)
{
	for (;;) {
		int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

		if (fd < 0 && errno == ENOENT)
			fd = create_file(dir, name);
		if (fd >= 0)
			return fd;
		/* Nova created or removed it meanwhile: try again. */
		if (errno != EEXIST && errno != ENOENT)
			return err_sys(e, ERR_OPERATOR,
				       "cannot open Nova's lock file %s for writing; it must be a "
				       "regular file of the user nova",
				       name);
	}
}

/* Names the process that holds the lock, if the kernel knows: POSIX locks (Nova's) have an owner,
 * OFD locks have none. */
static void say_waiting(const char *name, int fd, struct peer *peer)
{
	struct flock held = whole_file;
	char who[112] = "held by another process";
	char quoted[2 * sizeof(who)];

	if (fcntl(fd, F_OFD_GETLK, &held) == 0 && held.l_type != F_UNLCK && held.l_pid > 0) {
		struct process p;

		snprintf(who, sizeof(who), "held by process %ld", (long)held.l_pid);
		/* Nova's services are Python scripts: their file would be the interpreter. */
		if (process_look(held.l_pid, &p))
			snprintf(who, sizeof(who), "held by process %ld, %s", (long)held.l_pid,
				 p.name);
	}
	log_info("event=waiting lock=%s reason=%s", name, log_quote(quoted, sizeof(quoted), who));
	peer_say(peer, "waiting", "%s Nova's lock %s (%s)", waiting_name(WAITING_LOCK), name, who);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Waits in the kernel's queue; a timer interrupts it ten times a second to ask peer_stop(). */
static int wait_for(const char *name, int fd, struct peer *peer, struct err *e)
{
	const struct itimerval often = {.it_interval = {.tv_usec = 100000},
					.it_value = {.tv_usec = 100000}};
	const struct itimerval never = {0};
	struct sigaction act = {.sa_handler = on_alarm};
	struct sigaction before;
	int rc = 0;

	sigaction(SIGALRM, &act, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	for (;;) {
		struct flock want = whole_file;

		if (peer_stop(peer, e) < 0) {
			rc = err_wrap(e, "while waiting for Nova's lock %s", name);
			break;
		}
		if (fcntl(fd, F_OFD_SETLKW, &want) == 0)
			break;
		if (errno != EINTR) {
			rc = err_sys(e, ERR_OPERATOR, "cannot take Nova's lock %s", name);
			break;
		}
	}
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	return rc;
}

int novalock_take(const char *instances_path, const char *cache_name, struct peer *peer,
		  struct err *e)
{
	own_free char *name = fs_path("%s%s", NOVA_LOCK_PREFIX, cache_name);
	own_fd int dir = open_locks_dir(instances_path, e);
	bool has_said = false;

	if (dir < 0)
		return -1;
	for (;;) {
		own_fd int fd = open_file(dir, name, e);
		struct flock want = whole_file;

		if (fd < 0)
			return -1;
		if (fcntl(fd, F_OFD_SETLK, &want) < 0) {
			if (errno != EAGAIN && errno != EACCES)
				return err_sys(e, ERR_OPERATOR, "cannot take Nova's lock %s", name);
			if (!has_said)
				say_waiting(name, fd, peer);
			has_said = true;
			if (wait_for(name, fd, peer, e) < 0)
				return -1;
		}
		/* Nova's ageing unlinks lock files. */
		if (fs_is_named(dir, name, fd))
			return steal_fd(&fd);
		if (peer_stop(peer, e) < 0)
			return -1;
	}
}
