/*
 * order: turns a key's command into a process to execute: checks rights, finds the repository, and
 * builds the arguments and the environment.
 *
 *     own_order struct order o = ORDER_INIT;
 *     if (order_make(&o, conf, key, way, command, protocol, e) < 0) … e->msg is for the client
 *     if (order_enter(&o, e) < 0) …
 *     … execute o.argv with o.env
 *
 * An unreadable repository and a missing one get the same answer. A push to a missing one creates
 * it if the key may.
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
	const char *peer; /* the client's address, for the audit log; set before order_make */
	struct line line;
	struct args args, env;
	int repo; /* the repository's directory, or -1 */
	bool made; /* created by this order; tell the client, who may have mistyped the name */
};

#define ORDER_INIT {.repo = -1}

/* way is of conf/way.h. command is as the client sent it; if NULL or blank the client wants a
 * shell, which does not exist: `hornero` greets. protocol is GIT_PROTOCOL or NULL. */
int order_make(struct order *o, const struct conf *c, const struct key_entry *key, const char *way,
	       const char *command, const char *protocol, struct err *e);

/* Logs an error that the node is to blame for; others are only shown to the client. */
void order_report(const struct err *e, const char *peer, const char *key);

/* Changes into the repository, the working directory of the executed process. */
int order_enter(const struct order *o, struct err *e);

/* Accepts only GIT_PROTOCOL, which git's clients send, and only in git's own alphabet. */
bool order_takes_env(const char *name, const char *value);

/* Writes "made the repository team/thing" into buf and returns it, or returns NULL. */
const char *order_note(const struct order *o, char *buf, size_t size);

void order_fini(struct order *o);
#define own_order __attribute__((cleanup(order_fini)))

#endif
