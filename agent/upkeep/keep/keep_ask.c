/* keep_ask: DIAGNOSTICS: see publisher.h; ERR_NOBODY if the publisher does not answer. */
#include "agent/upkeep/keep/keep.h"

#include "agent/common/publisher.h"
#include "lib/log.h"
#include "lib/own.h"

#include <poll.h>
#include <sys/socket.h>

enum { ANSWER_WAIT_MS = 60000, PUBLISHER_END_MS = 2000 };

static int take_reply(int fd, char reply[KEEP_REPLY_MAX], struct err *e)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	ssize_t n;

	if (poll(&ready, 1, ANSWER_WAIT_MS) != 1)
		return err_set(e, ERR_NOBODY,
			       "the publisher does not answer; the next pass asks again");
	n = recv(fd, reply, KEEP_REPLY_MAX - 1, 0);
	if (n <= 0)
		return err_set(e, ERR_NOBODY, "the publisher died; the next pass asks again");
	reply[n] = '\0';
	return 0;
}

int keep_ask(const struct pass *p, const char *request, int fd, char reply[KEEP_REPLY_MAX],
	     struct err *e)
{
	struct child child;
	own_fd int socket = publisher_reach(p->conf, &child, e);
	int rc = -1;

	if (socket >= 0 && publisher_ask(socket, request, fd, e) == 0)
		rc = take_reply(socket, reply, e);
	if (socket >= 0)
		close(steal_fd(&socket));
	/* If it hangs in the kernel, leave it: another process will inherit it. */
	if (child.pid > 0 && !spawn_end(&child, PUBLISHER_END_MS))
		log_error("event=publisher-hangs pid=%d", (int)child.pid);
	return rc;
}
