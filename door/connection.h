/*
 * connection: serves one client from its first byte to its last, in a process of its own.
 *
 * The socket is standard input. `report` is a SOCK_SEQPACKET socket to the listener. The process
 * sends the name of the accepted key, receives CONNECTION_IN or CONNECTION_FULL, and then reports
 * whenever it becomes busy or idle. Its exit code tells the listener how the connection ended. It
 * parses network input with libssh, as git's user, within the limits of door/limit.h.
 *
 * On CONNECTION_STOP it accepts no new commands, ends those of the CLI and lets git finish; on
 * CONNECTION_END it ends git, too. They are two signals because the kernel keeps one of each kind
 * for a process that is slow to look.
 */
#ifndef HORNERO_DOOR_CONNECTION_H
#define HORNERO_DOOR_CONNECTION_H

#include "conf/conf.h"
#include "lib/err.h"

#include <signal.h>

enum {
	CONNECTION_REPORT_FD = 3,

	/* signals */
	CONNECTION_STOP = SIGTERM,
	CONNECTION_END = SIGUSR1,

	/* messages of one byte */
	CONNECTION_IN = '+',
	CONNECTION_FULL = '-', /* the key has all the connections that it may have */
	CONNECTION_BUSY = 'b',
	CONNECTION_IDLE = 'i',

	/* exit codes besides those of errors */
	CONNECTION_SERVED = 0,
	CONNECTION_GONE = 10,   /* the client left before logging in, without an offence */
	CONNECTION_DENIED = 11, /* it offered keys, and none is known */
	CONNECTION_STRANGE = 12, /* it speaks no SSH that we understand */
};

/* Serves fd to its end. Returns one of the exit codes above, or -1 with e filled if the node is at
 * fault. */
int connection_serve(const struct conf *c, int fd, int report, struct err *e);

#endif
