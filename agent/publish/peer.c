/* peer: DIAGNOSTICS: ERR_USAGE without a connection, ERR_US for a malformed request, ERR_NOBODY
 * if we must end. */
#include "agent/publish/peer.h"

#include "lib/escape.h"
#include "lib/own.h"
#include "lib/stopsignal.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { REQUEST_MAX = 512, REQUEST_WAIT_S = 10, FDS_MAX = 4 };

int peer_open(struct peer *p, int conn, struct err *e)
{
	int type = 0;
	socklen_t len = sizeof(type);
	const struct timeval wait = {.tv_sec = REQUEST_WAIT_S};

	if (getsockopt(conn, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_SEQPACKET)
		return err_set(e, ERR_USAGE,
			       "standard input is not a SOCK_SEQPACKET connection; hornerod or "
			       "hornero-publish.socket starts this program");
	if (setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0)
		return err_sys(e, ERR_US, "cannot set up the connection");
	p->signals = stopsignal_open(stopsignal_usual, e);
	if (p->signals < 0)
		return -1;
	p->conn = conn;
	return 0;
}

void peer_close(struct peer *p)
{
	if (p->signals >= 0)
		close(p->signals);
	p->signals = -1;
}

/* Stores the first n descriptors of a message in fds and closes the others. Returns how many
 * came. */
static size_t take_fds(struct msghdr *msg, int *fds, size_t n)
{
	size_t came = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t here;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < here; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (came < n)
				fds[came] = fd;
			else
				close(fd);
			came++;
		}
	}
	return came;
}

int peer_receive(const struct peer *p, struct peer_request *out, struct err *e)
{
	char text[REQUEST_MAX + 1];
	union {
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = {.iov_base = text, .iov_len = REQUEST_MAX};
	struct msghdr msg = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct peer_request r = {.artifact = -1};
	own_fd int artifact = -1;
	ssize_t n;
	size_t came;

	do
		n = recvmsg(p->conn, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, ERR_NOBODY, "no request came");
	came = take_fds(&msg, &artifact, 1);
	if (n == 0)
		return err_set(e, ERR_NOBODY, "the connection was closed without a request");
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || came != 1)
		return err_set(e, ERR_US,
			       "a request is one line of at most %d bytes and one descriptor",
			       REQUEST_MAX);
	text[n] = '\0';
	if (strlen(text) != (size_t)n)
		return err_set(e, ERR_US, "a request has no NUL bytes");
	if (peer_parse(text, &r, e) < 0)
		return -1;
	*out = r;
	out->artifact = steal_fd(&artifact);
	return 0;
}

static bool read_count(const char *s, int64_t *out)
{
	char *end;

	if (strlen(s) > 18 || *s == '\0' || s[strspn(s, "0123456789")] != '\0')
		return false;
	*out = strtoll(s, &end, 10);
	return true;
}

/* touch; look IMAGE; evict BYTES, plan BYTES. */
static bool parse_short(char *const *words, size_t n, struct peer_request *out)
{
	static const char *const names[] = {[PEER_TOUCH] = "touch",
					    [PEER_EVICT] = "evict",
					    [PEER_PLAN] = "plan",
					    [PEER_LOOK] = "look"};
	size_t word = PEER_TOUCH;

	while (word < sizeof(names) / sizeof(names[0]) && strcmp(words[0], names[word]) != 0)
		word++;
	if (word == sizeof(names) / sizeof(names[0]))
		return false;
	out->word = (enum peer_word)word;
	if (out->word == PEER_TOUCH)
		return n == 1;
	if (out->word != PEER_LOOK)
		return n == 2 && read_count(words[1], &out->want_bytes);
	if (n != 2 || !uuid_valid(words[1]))
		return false;
	memcpy(out->image, words[1], sizeof(out->image));
	return true;
}

/* prepare IMAGE JOB ATTEMPT; words[2] and rest are the last two. */
static bool parse_prepare(char *const *words, size_t n, const char *rest, struct peer_request *out)
{
	char fence[3 * PROTOCOL_TOKEN_MAX];

	if (n != 3 || !rest || strcmp(words[0], "prepare") != 0 || !uuid_valid(words[1]))
		return false;
	out->word = PEER_PREPARE;
	memcpy(out->image, words[1], sizeof(out->image));
	snprintf(fence, sizeof(fence), "%s %s prepare", words[2], rest);
	return fence_parse(fence, &out->fence);
}

int peer_parse(const char *text, struct peer_request *out, struct err *e)
{
	char copy[REQUEST_MAX + 1];
	char *words[3] = {NULL};
	char *rest = copy;
	size_t n = 0;

	if (strlen(text) > REQUEST_MAX)
		return err_set(e, ERR_US, "a request is at most %d bytes", REQUEST_MAX);
	memcpy(copy, text, strlen(text) + 1);
	copy[strcspn(copy, "\n")] = '\0';
	for (char *word; n < 3 && (word = strsep(&rest, " "));)
		words[n++] = word;
	if (parse_short(words, n, out) || parse_prepare(words, n, rest, out))
		return 0;
	out->word = PEER_PUBLISH;
	if (n != 3 || !rest || strcmp(words[0], "publish") != 0)
		return err_set(e, ERR_US, "a request is: publish IMAGE DIGEST JOB ATTEMPT TOKEN");
	if (!uuid_valid(words[1]))
		return err_set(e, ERR_US, "a request names an image by its UUID in lower case");
	if (!sha256_valid(words[2]))
		return err_set(e, ERR_US,
			       "a request names an artifact by its SHA-256 in lower case");
	if (!fence_parse(rest, &out->fence))
		return err_set(e, ERR_US,
			       "a request ends with its job and attempt, in digits, and a token of "
			       "1 to %d letters, digits, '.', '_', '-'",
			       PROTOCOL_TOKEN_MAX);
	memcpy(out->image, words[1], sizeof(out->image));
	memcpy(out->digest, words[2], sizeof(out->digest));
	return 0;
}

void peer_say(const struct peer *p, const char *word, const char *fmt, ...)
{
	char raw[PROTOCOL_MESSAGE_MAX];
	char text[PROTOCOL_MESSAGE_MAX];
	int head = snprintf(raw, sizeof(raw), "%s ", word);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw + head, sizeof(raw) - (size_t)head, fmt, ap);
	va_end(ap);
	escape_text(text, sizeof(text), raw, strlen(raw), ESCAPE_LINE);
	(void)!send(p->conn, text, strlen(text), MSG_NOSIGNAL);
}

int peer_await(const struct peer *p)
{
	struct pollfd fds[2] = {{.fd = p->signals, .events = POLLIN},
				{.fd = p->conn, .events = POLLIN}};
	int n;

	do
		n = poll(fds, 2, -1);
	while (n < 0 && errno == EINTR);
	return n > 0 && fds[0].revents == 0 && (fds[1].revents & (POLLHUP | POLLERR)) == 0;
}

int peer_stop(void *arg, struct err *e)
{
	const struct peer *p = arg;
	struct pollfd fds[2] = {{.fd = p->signals, .events = POLLIN}, {.fd = p->conn}};

	if (poll(fds, 2, 0) <= 0)
		return 0;
	if (fds[0].revents)
		return err_set(e, ERR_NOBODY,
			       "the publisher was told to end; the job publishes when it runs "
			       "again");
	return err_set(e, ERR_NOBODY, "the client that asked for the publication is gone");
}
