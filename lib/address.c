/* address: DIAGNOSTICS: none. */
#include "lib/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

struct address address_of(const struct sockaddr *sa)
{
	struct address a = {{0}};

	if (sa->sa_family == AF_INET) {
		memcpy(a.bytes, mapped, sizeof(mapped));
		memcpy(a.bytes + sizeof(mapped),
		       &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		const unsigned char *in =
			((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr.s6_addr;

		memcpy(a.bytes, in, memcmp(in, mapped, sizeof(mapped)) == 0 ? 16 : 8);
	}
	return a;
}

bool address_same(const struct address *a, const struct address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

int address_port(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)sa)->sin_port);
	return sa->sa_family == AF_INET6
		       ? ntohs(((const struct sockaddr_in6 *)(const void *)sa)->sin6_port)
		       : 0;
}

const char *address_text(const struct sockaddr *sa, char buf[ADDRESS_TEXT])
{
	char host[INET6_ADDRSTRLEN] = "";

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(buf, ADDRESS_TEXT, "%s:%u", host, ntohs(in->sin_port));
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)sa;

		inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof(host));
		snprintf(buf, ADDRESS_TEXT, "[%s]:%u", host, ntohs(in->sin6_port));
	} else {
		snprintf(buf, ADDRESS_TEXT, "unknown");
	}
	return buf;
}

const char *address_of_ssh(const char *connection, char buf[ADDRESS_TEXT])
{
	char host[46], port[6];
	bool v6;

	if (!connection || sscanf(connection, "%45s %5s", host, port) != 2)
		return "unknown";
	v6 = strchr(host, ':');
	snprintf(buf, ADDRESS_TEXT, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
	return buf;
}
