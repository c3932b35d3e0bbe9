/*
 * listener: the process that listens. It reads nothing of what clients send: each connection gets a process of its own
 * (door/connection.h), which says on a pipe that a key was accepted, and by its exit code how it ended.
 *
 * SIGTERM and SIGINT: no new connections; those without a command end, the others may finish theirs within
 * LISTENER_STOP_MS, or until the second signal; then they are asked again, more urgently, and killed LISTENER_END_MS later.
 * Connections read the configuration and the keys themselves: a change is in force with the next one,
 * except for addresses and caps, which are this process's.
 */
#ifndef HORNERO_DOOR_LISTENER_H
#define HORNERO_DOOR_LISTENER_H

#include "conf/conf.h"
#include "lib/err.h"

/* Together less than TimeoutStopSec of the unit. END: a little more than a connection waits for its git. */
enum { LISTENER_STOP_MS = 30000, LISTENER_END_MS = 8000 };

/* Until it is told to end. `ready` is called once, when clients can come. */
int listener_run(const struct conf *c, void (*ready)(void), struct err *e);

#endif
