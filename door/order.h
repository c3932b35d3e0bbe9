/*
 * order: what a key asked for, made ready to be executed: rights checked, repository found, arguments and
 * environment put together.
 *
 *     own_order struct order o = ORDER_INIT;
 *     if (order_make(&o, conf, key, way, command, protocol, e) < 0) … e->msg is for the client
 *     if (order_enter(&o, e) < 0) …
 *     … execute o.argv with o.env
 *
 * A repository that the key may not read and one that is not there get the same answer. A push to one that is not there
 * makes it, where the key may create it.
 */
#ifndef HORNERO_DOOR_ORDER_H
#define HORNERO_DOOR_ORDER_H

#include "conf/conf.h"
#include "conf/keyring.h"
#include "door/line.h"
#include "lib/args.h"
#include "lib/err.h"

#include <stdbool.h>

struct order {
	struct line line;
	struct args args, env;
	int repo; /* the repository's directory, or -1 */
	bool made; /* by this order: its client should hear of it, who may have mistyped the name */
};

#define ORDER_INIT {.repo = -1}

/* way: of conf/way.h. command: as the client sent it; NULL or blank: a shell, of which there is none: `hornero` greets.
 * protocol: GIT_PROTOCOL, or NULL. */
int order_make(struct order *o, const struct conf *c, const struct key_entry *key, const char *way, const char *command,
	       const char *protocol, struct err *e);

/* What the node is to blame for stands in the log, not only before the client. */
void order_report(const struct err *e, const char *peer, const char *key);

/* Into the repository, which whoever executes the order works in. */
int order_enter(const struct order *o, struct err *e);

/* Only the one variable that git's clients send, and only in git's own alphabet. */
bool order_takes_env(const char *name, const char *value);

/* "made the repository team/thing" into buf, or NULL. */
const char *order_note(const struct order *o, char *buf, size_t size);

void order_fini(struct order *o);
#define own_order __attribute__((cleanup(order_fini)))

#endif
