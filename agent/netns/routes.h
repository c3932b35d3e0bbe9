/*
 * routes: the addresses that a fetch must not reach: the node's own, and those of the links that it
 * is on.
 *
 *     routes_of_node(&r, e)     in the node's network
 *     … unshare …
 *     routes_refuse(&r, e)      in the new one
 */
#ifndef HORNERO_AGENT_NETNS_ROUTES_H
#define HORNERO_AGENT_NETNS_ROUTES_H

#include "lib/err.h"

#include <netinet/in.h>
#include <stddef.h>

struct routes {
	struct in_addr *list;
	size_t n;
};

/* Lists the IPv4 addresses of this network namespace, without loopback. */
int routes_of_node(struct routes *out, struct err *e);

/* Makes the listed addresses unreachable from this network namespace, and link-local and multicast
 * addresses, too. */
int routes_refuse(const struct routes *r, struct err *e);

void routes_fini(struct routes *r);
#define own_routes __attribute__((cleanup(routes_fini)))

#endif
