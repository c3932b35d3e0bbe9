/*
 * connection: one client, from its first byte to its last; a process of its own.
 *
 * The socket is standard input. Over `report`, a socket of whole messages, it says whose key was right (the name), is
 * answered with CONNECTION_IN or CONNECTION_FULL, and then says whenever it begins and stops to do something. The exit code
 * says how it ended, to whoever listens. It parses the network with libssh, as git's user, within the limits of door/limit.h.
 */
#ifndef HORNERO_DOOR_CONNECTION_H
#define HORNERO_DOOR_CONNECTION_H

#include "conf/conf.h"
#include "lib/err.h"

enum {
	CONNECTION_REPORT_FD = 3,

	/* messages of one byte */
	CONNECTION_IN = '+',
	CONNECTION_FULL = '-', /* its key has all that it may have */
	CONNECTION_BUSY = 'b',
	CONNECTION_IDLE = 'i',

	/* exit codes beside those of errors */
	CONNECTION_SERVED = 0,
	CONNECTION_GONE = 10,   /* the client left before it logged in, having said nothing wrong */
	CONNECTION_DENIED = 11, /* it offered keys, and none was known */
	CONNECTION_STRANGE = 12, /* it does not speak SSH as we do */
};

/* Serves fd to its end. One of the exit codes above, or -1 with e filled: the node is at fault. */
int connection_serve(const struct conf *c, int fd, int report, struct err *e);

#endif
