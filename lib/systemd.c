/* systemd: DIAGNOSTICS: none; systemd acts on silence. */
#include "lib/systemd.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SHARE = 3, LONGEST_US = 1000000000 };

/* The variables are inherited: only the process that they name is watched. */
static long period_us(void)
{
	const char *period = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long us = period ? strtol(period, NULL, 10) : 0;

	if (pid && strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	return us < LONGEST_US ? us : LONGEST_US;
}

static void tell(const struct systemd *s, const char *what)
{
	if (s->fd >= 0)
		(void)send(s->fd, what, strlen(what), MSG_NOSIGNAL | MSG_DONTWAIT);
}

struct systemd systemd_open(void)
{
	struct systemd s = SYSTEMD_NONE;
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	long us = period_us();

	if (len < 2 || len >= sizeof(to.sun_path))
		return s;
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		to.sun_path[0] = '\0';
	s.every_ms = us > 0 ? (int)(us / 1000 / SHARE) + 1 : 0;
	s.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s.fd >= 0 && connect(s.fd, (const struct sockaddr *)&to,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0) {
		close(s.fd);
		s.fd = -1;
	}
	return s;
}

void systemd_ready(const struct systemd *s)
{
	puts("READY");
	fflush(stdout);
	tell(s, "READY=1");
}

int systemd_ms(const struct systemd *s, int ms)
{
	if (s->fd < 0 || s->every_ms == 0)
		return ms;
	tell(s, "WATCHDOG=1");
	return ms < 0 || ms > s->every_ms ? s->every_ms : ms;
}
