/* doorcounts: DIAGNOSTICS: ERR_OPERATOR if the run directory is unusable. */
#include "state/doorcounts.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define NAME "door-counts"
enum { WAIT_S = 1, BACKLOG = 8 };

const char *door_refused_name(enum door_refused why)
{
	static const char *const names[] = {
		[DOOR_PENALTY] = "penalty", [DOOR_ADDRESS_FULL] = "address-full",
		[DOOR_FULL] = "full",       [DOOR_KEY_FULL] = "key-full",
		[DOOR_DENIED] = "denied",   [DOOR_TIMEOUT] = "timeout",
		[DOOR_CRASHED] = "crashed",
	};

	return names[why];
}

/* As in lib/bell.c: sun_path is short. */
static void address_of(int dir, const char *name, struct sockaddr_un *a)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/%s", dir, name);
}

int doorcounts_listen(const char *run_dir, struct err *e)
{
	own_fd int dir = fs_open_dir(AT_FDCWD, run_dir, e);
	own_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;
	char staging[40];

	if (dir < 0)
		return -1;
	snprintf(staging, sizeof(staging), ".door-counts.%ld", (long)getpid());
	address_of(dir, staging, &a);
	FAILSTEP("doorcounts-clear", unlinkat(dir, staging, 0));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ||
	    fchmodat(dir, staging, 0660, 0) < 0 || listen(fd, BACKLOG) < 0 ||
	    FAILSTEP("doorcounts-rename", renameat(dir, staging, dir, NAME)) < 0) {
		err_sys(e, ERR_OPERATOR, "cannot make the socket %s/" NAME, run_dir);
		FAILSTEP("doorcounts-undo", unlinkat(dir, staging, 0));
		return -1;
	}
	return steal_fd(&fd);
}

void doorcounts_answer(int fd, const struct door_counts *c)
{
	own_fd int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (client >= 0)
		(void)!send(client, c, sizeof(*c), MSG_DONTWAIT | MSG_NOSIGNAL);
}

int doorcounts_ask(const char *run_dir, struct door_counts *out)
{
	const struct timeval patience = {.tv_sec = WAIT_S};
	own_fd int dir = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	address_of(dir, NAME, &a);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return errno == ENOENT || errno == ECONNREFUSED ? 0 : -1;
	return recv(fd, out, sizeof(*out), 0) == sizeof(*out) ? 1 : -1;
}
