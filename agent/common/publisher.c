/* publisher: DIAGNOSTICS: ERR_OPERATOR if its socket cannot be reached, ERR_NOBODY if processes or
 * descriptors run out. */
#include "agent/common/publisher.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int connect_unit(const char *path, struct err *e)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	own_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(at.sun_path))
		return err_set(e, ERR_OPERATOR, "publish_socket %s is too long for a socket; "
			       "shorten it", path);
	memcpy(at.sun_path, path, strlen(path) + 1);
	/* If the listener does not accept and its queue is full, a blocking connect would wait
	 * forever. */
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot reach the publisher at %s (systemctl start "
			       "hornero-publish.socket)", path);
	if (fcntl(fd, F_SETFL, 0) < 0)
		return err_sys(e, ERR_US, "cannot set up the connection to the publisher");
	return steal_fd(&fd);
}

/* Starts our own publisher at the other end of a socket pair. */
static int start_own(const struct conf *c, struct child *child, struct err *e)
{
	own_free char *program = fs_path("%s/hornero-publish", c->libexec_dir);
	const char *argv[] = {program, "-c", c->path, NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_fd int ours = -1;
	own_fd int theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	s.in = theirs;
	s.err = STDERR_FILENO;
	if (spawn_start(&s, child, e) < 0)
		return -1;
	return steal_fd(&ours);
}

int publisher_reach(const struct conf *c, struct child *child, struct err *e)
{
	*child = (struct child){.pid = 0};
	return c->publish_socket ? connect_unit(c->publish_socket, e) : start_own(c, child, e);
}

int publisher_ask(int socket, const char *text, int fd, struct err *e)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	if (sendmsg(socket, &m, MSG_NOSIGNAL) < 0)
		return err_sys(e, ERR_NOBODY, "cannot send a request to the publisher");
	return 0;
}
