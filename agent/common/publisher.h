/*
 * publisher: connects to hornero-publish, by its socket unit or as a child of our own, and sends
 * one request.
 *
 *     fd = publisher_reach(conf, &child, e);      child.pid is 0 if a socket unit serves us
 *     publisher_ask(fd, "publish …", raw, e);     see protocol.h
 *     … recv the replies; close fd; spawn_wait(&child) …
 */
#ifndef HORNERO_AGENT_COMMON_PUBLISHER_H
#define HORNERO_AGENT_COMMON_PUBLISHER_H

#include "conf/conf.h"
#include "lib/err.h"
#include "lib/spawn.h"

/* Returns a descriptor, which the caller closes, or -1 on error. */
int publisher_reach(const struct conf *c, struct child *child, struct err *e);

/* Sends one request and its one descriptor (borrowed). */
int publisher_ask(int socket, const char *text, int fd, struct err *e);

#endif
