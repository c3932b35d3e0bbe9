/*
 * nodes: the nodes that `hornero fleet` asks: nodes.yaml, beside hornero.yaml.
 *
 *     user: git
 *     port: 2222
 *     identity: /etc/hornero/fleet_key
 *     known_hosts: /etc/hornero/fleet_known_hosts
 *     nodes:
 *       - compute-1
 *       - compute-2.example:2223
 */
#ifndef HORNERO_CONF_NODES_H
#define HORNERO_CONF_NODES_H

#include "conf/setting.h"
#include "lib/err.h"

#include <stdint.h>

enum { NODES_MOST = 1000, NODE_HOST_MAX = 256 };

struct nodes {
	char *user;
	int64_t port;        /* of nodes that name none */
	char *identity;      /* NULL: as ssh finds one */
	char *known_hosts;   /* NULL: ssh's own files */
	char **list;         /* HOST or HOST:PORT; NULL-terminated, no name twice */
	size_t n;
};

/* Returns 0, or -1 with e filled: ERR_OPERATOR with FILE:LINE:COLUMN. */
int nodes_load(const char *path, struct nodes *out, struct err *e);
void nodes_fini(struct nodes *n);
#define own_nodes __attribute__((cleanup(nodes_fini)))

/* Splits an entry of the list: its host without brackets, and its port. */
void nodes_address(const struct nodes *n, const char *node, char host[NODE_HOST_MAX],
		   int64_t *port);

/* The settings, for the manual and messages. */
extern const struct settings nodes_settings;

#endif
