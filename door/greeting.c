/* greeting: DIAGNOSTICS: ERR_US if libssh identifies itself otherwise, ERR_NOBODY for sockets. */
#include "door/greeting.h"

#include "lib/clock.h"
#include "lib/own.h"

#include <fcntl.h>
#include <libssh/server.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* poll would report bytes that were only looked at, again and again: wait until there are n. */
static void wake_at(int fd, size_t n)
{
	const int least = (int)n;

	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof(least));
}

static bool goes_on(enum kexinit_state s)
{
	return s == KEXINIT_SHORT || s == KEXINIT_IDENTIFIED;
}

void greeting_exchange(int fd, int signals, struct greeting *g)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN | POLLRDHUP},
			       {.fd = signals, .events = POLLIN}};
	int64_t deadline_ms = 0, left_ms = -1;
	size_t n = 0;

	g->state = KEXINIT_SHORT;
	g->left = false;
	(void)!send(fd, GREETING_LINE, strlen(GREETING_LINE), MSG_DONTWAIT | MSG_NOSIGNAL);
	while (goes_on(g->state) && n < sizeof(g->bytes)) {
		ssize_t got;

		wake_at(fd, n + 1);
		if (poll(fds, 2, (int)left_ms) <= 0)
			break;
		got = recv(fd, g->bytes, sizeof(g->bytes), MSG_PEEK | MSG_DONTWAIT);
		n = got > 0 ? (size_t)got : 0;
		if (n > 0)
			g->state = kexinit_parse(g->bytes, n, &g->client);
		g->left = fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR);
		if (g->left || fds[1].revents)
			break;
		if (g->state == KEXINIT_IDENTIFIED && deadline_ms == 0)
			deadline_ms = clock_mono_ms() + GREETING_WAIT_MS;
		left_ms = deadline_ms ? deadline_ms - clock_mono_ms() : -1;
		if (deadline_ms && left_ms <= 0)
			break;
	}
	wake_at(fd, 1);
}

/* Runs libssh's first step, which sends its identification, with fd leading to the sink. */
static int identify(ssh_session session, int fd, int sink, int end, struct err *e)
{
	char line[sizeof(GREETING_LINE)];
	ssize_t n;

	if (dup2(sink, fd) < 0)
		return err_sys(e, ERR_NOBODY, "cannot put a socket aside");
	if (ssh_handle_key_exchange(session) == SSH_ERROR)
		return err_set(e, ERR_US, "libssh does not begin: %s", ssh_get_error(session));
	n = recv(end, line, sizeof(line), MSG_DONTWAIT);
	if (n != (ssize_t)strlen(GREETING_LINE) || memcmp(line, GREETING_LINE, (size_t)n) != 0)
		return err_set(e, ERR_US, "libssh does not send the identification %.*s",
			       (int)strlen(GREETING_LINE) - 2, GREETING_LINE);
	return 0;
}

int greeting_hand_over(ssh_session session, int fd, struct err *e)
{
	own_fd int client = fcntl(fd, F_DUPFD_CLOEXEC, 0), sink = -1, end = -1;
	int pair[2], rc;

	if (client < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return err_sys(e, ERR_NOBODY, "cannot put the client's socket aside");
	sink = pair[0];
	end = pair[1];
	rc = identify(session, fd, sink, end, e);
	if (dup2(client, fd) < 0)
		return err_sys(e, ERR_NOBODY, "cannot bring the client's socket back");
	return rc;
}
