/* bell: DIAGNOSTICS: bell_listen returns ERR_OPERATOR if the run directory is unusable; the other
 * functions do not report errors. */
#include "lib/bell.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define BELL_NAME "doorbell"
#define LOOK "look "
#define MISSED_NAME "look"

enum { LOOK_MS = 500, PID_TEXT = 32 };

/* Go through the directory's descriptor: sun_path holds 108 bytes, and a state directory's path may
 * be longer. */
static void address_of(int dir, const char *name, struct sockaddr_un *a)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/%s", dir, name);
}

static int bell_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void bell_ring(const char *run_dir)
{
	own_fd int dir = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int fd = bell_socket();
	struct sockaddr_un a;

	if (dir < 0 || fd < 0)
		return;
	address_of(dir, BELL_NAME, &a);
	(void)!sendto(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&a,
		      sizeof(a));
}

/* Blocks for up to LOOK_MS: the socket holds only a few datagrams (net.unix.max_dgram_qlen), and
 * hornerod may be busy for seconds. */
static bool send_look(int dir, const char *text)
{
	const struct timeval patience = {.tv_usec = LOOK_MS * 1000};
	own_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	address_of(dir, BELL_NAME, &a);
	return fd >= 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
	       sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&a,
		      sizeof(a)) > 0;
}

bool bell_look(const char *run_dir, const char *repo)
{
	own_fd int dir = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int missed = -1;
	char text[sizeof(LOOK) + BELL_REPO_MAX];

	if (dir < 0)
		return false;
	snprintf(text, sizeof(text), LOOK "%s", repo && strlen(repo) <= BELL_REPO_MAX ? repo : "");
	if (send_look(dir, text))
		return true;
	missed = openat(dir, MISSED_NAME, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0660);
	return false;
}

bool bell_was_missed(const char *run_dir)
{
	own_free char *path = fs_path("%s/" MISSED_NAME, run_dir);

	return FAILSTEP("bell-unlink", unlink(path)) == 0;
}

int bell_is_attended(const char *run_dir)
{
	own_free char *path = fs_path("%s/agent.lock", run_dir);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	/* A shared lock, held only for an instant, so that two callers never see each other's. */
	return flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

long bell_agent(const char *run_dir)
{
	own_free char *path = fs_path("%s/agent.lock", run_dir);
	own_file FILE *locks = fopen("/proc/locks", "re");
	char line[512];
	struct stat st;

	if (!locks || stat(path, &st) < 0)
		return 0;
	while (fgets(line, sizeof(line), locks)) {
		unsigned long inode;
		long pid;

		if (sscanf(line, "%*s FLOCK ADVISORY WRITE %ld %*x:%*x:%lu", &pid, &inode) == 2 &&
		    inode == st.st_ino)
			return pid;
	}
	return 0;
}

void bell_note_agent(int lock)
{
	if (ftruncate(lock, 0) == 0 && lseek(lock, 0, SEEK_SET) == 0)
		(void)dprintf(lock, "%ld\n", (long)getpid());
}

long bell_noted_agent(const char *run_dir)
{
	own_free char *path = fs_path("%s/agent.lock", run_dir);
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	struct process p;
	long pid = 0;
	size_t len;

	if (fs_read(AT_FDCWD, path, PID_TEXT, &text, &len, &ignored) == 0)
		pid = strtol(text, NULL, 10);
	return pid > 0 && process_look((pid_t)pid, &p) && strcmp(p.name, "hornerod") == 0
		       ? pid
		       : bell_agent(run_dir);
}

int bell_listen(const char *run_dir, struct err *e)
{
	own_fd int dir = fs_open_dir(AT_FDCWD, run_dir, e);
	own_fd int fd = -1;
	struct sockaddr_un a;
	char staging[32];

	if (dir < 0)
		return -1;
	fd = bell_socket();
	snprintf(staging, sizeof(staging), ".bell.%ld", (long)getpid());
	address_of(dir, staging, &a);
	FAILSTEP("bell-clear", unlinkat(dir, staging, 0));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make the doorbell in %s", run_dir);
	/* Clients need write permission on the socket to ring. */
	if (fchmodat(dir, staging, 0660, 0) < 0 ||
	    FAILSTEP("bell-rename", renameat(dir, staging, dir, BELL_NAME)) < 0) {
		err_sys(e, ERR_OPERATOR, "cannot put the doorbell in place in %s", run_dir);
		FAILSTEP("bell-undo", unlinkat(dir, staging, 0));
		return -1;
	}
	return steal_fd(&fd);
}

void bell_drain(int fd, void (*look)(void *arg, const char *repo), void *arg)
{
	char text[sizeof(LOOK) + BELL_REPO_MAX];
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)) >= 0 || errno == EINTR) {
		text[n < 0 ? 0 : n] = '\0';
		if (strncmp(text, LOOK, strlen(LOOK)) == 0)
			look(arg, text + strlen(LOOK));
	}
}
