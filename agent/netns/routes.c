/* routes: DIAGNOSTICS: ERR_NOBODY if memory runs out, ERR_OPERATOR if the kernel refuses. */
#include "agent/netns/routes.h"

#include "lib/own.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum { ADDRESS_BITS = 32, LOOPBACK_NET = 127 };

/* On a cloud's link-local addresses are services that trust the node, such as metadata. */
static const struct {
	in_addr_t address;
	unsigned char bits;
} always[] = {{0xa9fe0000, 16}, {0xe0000000, 4}};

static int add(struct routes *r, const struct ifaddrs *one, struct err *e)
{
	struct in_addr address, *longer;

	if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET)
		return 0;
	memcpy(&address, (const char *)one->ifa_addr + offsetof(struct sockaddr_in, sin_addr),
	       sizeof(address));
	if (ntohl(address.s_addr) >> 24 == LOOPBACK_NET)
		return 0;
	longer = reallocarray(r->list, r->n + 1, sizeof(*longer));
	if (!longer)
		return err_set(e, ERR_NOBODY, "out of memory for the addresses of the node");
	r->list = longer;
	longer[r->n++] = address;
	return 0;
}

int routes_of_node(struct routes *out, struct err *e)
{
	struct ifaddrs *all = NULL;
	int rc = 0;

	if (getifaddrs(&all) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot list the addresses of the node");
	for (const struct ifaddrs *one = all; one && rc == 0; one = one->ifa_next)
		rc = add(out, one, e);
	freeifaddrs(all);
	return rc;
}

/* Asks the kernel and reads its answer. */
static int refuse(int netlink, struct in_addr address, unsigned char bits, struct err *e)
{
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
		struct rtattr attribute;
		struct in_addr address;
	} ask = {
		.head = {.nlmsg_len = sizeof(ask), .nlmsg_type = RTM_NEWROUTE,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE},
		.route = {.rtm_family = AF_INET, .rtm_dst_len = bits, .rtm_table = RT_TABLE_MAIN,
			  .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_UNIVERSE,
			  .rtm_type = RTN_UNREACHABLE},
		.attribute = {.rta_len = RTA_LENGTH(sizeof(address)), .rta_type = RTA_DST},
		.address = address,
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[1024];
	} answer;
	char text[INET_ADDRSTRLEN];

	if (send(netlink, &ask, sizeof(ask), 0) < 0 ||
	    recv(netlink, &answer, sizeof(answer), 0) <
		    (ssize_t)NLMSG_LENGTH(sizeof(answer.error)))
		return err_sys(e, ERR_OPERATOR, "cannot ask the kernel for a route");
	errno = -answer.error.error;
	/* One address may be on two interfaces. */
	if (errno != 0 && errno != EEXIST)
		return err_sys(e, ERR_OPERATOR, "cannot make %s unreachable",
			       inet_ntop(AF_INET, &address, text, sizeof(text)));
	return 0;
}

int routes_refuse(const struct routes *r, struct err *e)
{
	own_fd int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (netlink < 0)
		return err_sys(e, ERR_OPERATOR, "cannot set routes");
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (refuse(netlink, (struct in_addr){htonl(always[i].address)}, always[i].bits,
			   e) < 0)
			return -1;
	for (size_t i = 0; i < r->n; i++)
		if (refuse(netlink, r->list[i], ADDRESS_BITS, e) < 0)
			return -1;
	return 0;
}

void routes_fini(struct routes *r)
{
	free(r->list);
	*r = (struct routes){.n = 0};
}
