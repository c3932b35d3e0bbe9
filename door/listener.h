/*
 * listener: the process that listens. It reads nothing that clients send: each connection gets a
 * process of its own (door/connection.h), which reports logins over a socket, and its end by its
 * exit code.
 *
 * On SIGTERM or SIGINT it accepts no new connections. Connections without a command end; the others
 * may finish within LISTENER_STOP_MS or until a second signal. Then they are asked again, which
 * ends git, too, and LISTENER_END_MS later they are killed. Connections read the configuration and
 * the keys themselves, so a change applies to the next one; addresses and caps belong to this
 * process and need a restart.
 */
#ifndef HORNERO_DOOR_LISTENER_H
#define HORNERO_DOOR_LISTENER_H

#include "conf/conf.h"
#include "lib/err.h"

/* Together less than TimeoutStopSec of the unit. END exceeds the time that a connection waits for
 * its git. */
enum { LISTENER_STOP_MS = 30000, LISTENER_END_MS = 8000 };

/* Serves until told to end. Says that it is ready when clients can connect. */
int listener_run(const struct conf *c, struct err *e);

#endif
