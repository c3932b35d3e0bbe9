/* listen: DIAGNOSTICS: ERR_OPERATOR with the address and the configuration key. */
#include "lib/listen.h"

#include "lib/address.h"
#include "lib/log.h"
#include "lib/own.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 128, NOT_HERE = -2 };

/* Fills sa from "ADDRESS:PORT", which check_listen has accepted. */
static socklen_t read_address(const char *text, size_t len, struct sockaddr_storage *sa)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)sa;
	char host[64] = "";
	size_t colon = len;
	in_port_t port;

	while (text[colon - 1] != ':')
		colon--;
	port = htons((uint16_t)strtoul(text + colon, NULL, 10));
	*sa = (struct sockaddr_storage){0};
	if (*text == '[') {
		memcpy(host, text + 1, colon - 3);
		v6->sin6_family = AF_INET6;
		v6->sin6_port = port;
		inet_pton(AF_INET6, host, &v6->sin6_addr);
		return sizeof(*v6);
	}
	memcpy(host, text, colon - 1);
	v4->sin_family = AF_INET;
	v4->sin_port = port;
	inet_pton(AF_INET, host, &v4->sin_addr);
	return sizeof(*v4);
}

/* Returns the descriptor, -1 on error, or NOT_HERE if the node has no IPv6. */
static int listen_at(const char *text, size_t len, const struct listen_setting *s, struct err *e)
{
	struct sockaddr_storage sa;
	socklen_t size = read_address(text, len, &sa);
	const int on = 1;
	own_fd int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char shown[ADDRESS_TEXT];

	if (fd < 0 && errno == EAFNOSUPPORT && sa.ss_family == AF_INET6) {
		log_warn("event=no-ipv6 address=%.*s", (int)len, text);
		return NOT_HERE;
	}
	if (fd >= 0 && sa.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&sa, size) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &size) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot listen at %.*s (%s in %s)", (int)len, text,
			       s->name, s->file);
	log_info("event=listening address=%s", address_text((struct sockaddr *)&sa, shown));
	return steal_fd(&fd);
}

int listen_open(const struct listen_setting *s, int sockets[LISTEN_MAX], size_t *n, struct err *e)
{
	*n = 0;
	for (const char *at = s->value + strspn(s->value, " "); *at;) {
		size_t len = strcspn(at, " ");
		int fd = listen_at(at, len, s, e);

		if (fd == -1)
			return -1;
		if (fd >= 0)
			sockets[(*n)++] = fd;
		at += len + strspn(at + len, " ");
	}
	return *n ? 0
		  : err_set(e, ERR_OPERATOR,
			    "cannot listen: no address of %s in %s is usable here", s->name,
			    s->file);
}
