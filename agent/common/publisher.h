/*
 * publisher: reach hornero-publish, by its socket unit or as a child of our own, and ask it for one thing.
 *
 *     fd = publisher_reach(conf, &child, e);      child.pid 0 where a socket unit serves us
 *     publisher_ask(fd, "publish …", raw, e);     see protocol.h
 *     … recv the replies; close fd; spawn_wait(&child) …
 */
#ifndef HORNERO_AGENT_COMMON_PUBLISHER_H
#define HORNERO_AGENT_COMMON_PUBLISHER_H

#include "conf/conf.h"
#include "lib/err.h"
#include "lib/spawn.h"

/* The caller's descriptor, or -1. */
int publisher_reach(const struct conf *c, struct child *child, struct err *e);

/* One request and its one descriptor (borrowed). */
int publisher_ask(int socket, const char *text, int fd, struct err *e);

#endif
