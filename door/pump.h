/*
 * pump: runs one command and moves bytes between an SSH channel and the command's process.
 *
 *     pump_open(p, session, chunk)     opens its channel and sets callbacks
 *     pump_start(p, order, e)          or pump_say(p, text, code): an answer without a process
 *     n = pump_poll(p, fds)            descriptors to wait for
 *     pump_turn(p, fds)                after the wait
 *     pump_over(p)                     both sides have closed
 *     pump_end(p)
 *     pump_hang_up(p), pump_ask(p), pump_kill(p)
 *                                      if the connection is gone, until the process ends;
 *                                      then pump_end
 *
 * Buffers are bounded both ways. Towards the process they hold two windows of libssh (a client that
 * sends beyond its window is disconnected). Towards the client they hold one chunk: the pump reads
 * from the process only after the last chunk has left for the network.
 */
#ifndef HORNERO_DOOR_PUMP_H
#define HORNERO_DOOR_PUMP_H

#include "door/order.h"
#include "lib/spawn.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PUMP_MEMORY is the private memory of the pumping process, which holds only a few windows. */
enum {
	PUMP_CHUNK = 256 * 1024,
	PUMP_HELD_MAX = 4 * 1024 * 1024,
	PUMP_POLLS = 4,
	PUMP_CLOSE_MS = 2000,
	PUMP_MEMORY = 32 * 1024 * 1024
};

/* Bytes that wait to be sent on. */
struct hold {
	char *data;
	size_t at, len;
};

struct pump {
	bool used;
	ssh_session session;
	ssh_channel channel;
	struct ssh_channel_callbacks_struct callbacks;
	char *chunk;             /* PUMP_CHUNK bytes, owned by the connection */
	char protocol[72];       /* GIT_PROTOCOL, or "" */

	bool commanded;          /* has its command; a channel takes no second one */
	bool terminal;           /* the client has a terminal, in raw mode */
	bool git;                /* a git command, not the CLI */
	bool writes;             /* may change the repository: let it finish if the client leaves */
	struct child child;      /* pid 0: none, or reaped */
	int in, out, err;        /* our ends, non-blocking; -1 if closed */
	struct hold to_child, to_out, to_err;
	size_t unread;           /* bytes that libssh holds for us */
	bool client_eof, client_closed;
	bool broken;             /* end the connection: no memory, or the client sent too much */

	bool ended;              /* no process (any more): send status to the client */
	int status;              /* as waitpid has it */
	int64_t closed_ms;       /* when we closed the channel; 0 if not yet */
	int64_t began_ms, moved_ms; /* moved_ms: when a byte last moved either way */
	int64_t looked_ms;       /* when its cost was last checked */
	bool too_dear;           /* its pack was refused for its cost and the client told */
	int64_t cpu_ms;          /* of the process and its waited-for children, once reaped */
	uint64_t got, sent;      /* bytes of the channel */
	char what[128];          /* for the log */
};

/* Returns a new channel, or NULL if memory runs out. p must be zeroed and must not move. */
ssh_channel pump_open(struct pump *p, ssh_session session, char *chunk);

int pump_start(struct pump *p, const struct order *o, struct err *e);

/* Sends one line to the client's standard error, and the exit code. */
void pump_say(struct pump *p, const char *text, int code);

size_t pump_poll(struct pump *p, struct pollfd fds[PUMP_POLLS]);
/* Returns true if the pump needs frequent turns because its cost is watched. */
bool pump_is_watched(const struct pump *p);

void pump_turn(struct pump *p, const struct pollfd fds[PUMP_POLLS], size_t n, int64_t now_ms);

/* Returns true if the process is reaped and the channel closed on both sides (or we waited long
 * enough). */
bool pump_over(const struct pump *p, int64_t now_ms);

/* Handles a client that is gone: closes the process's input and discards its output. */
void pump_hang_up(struct pump *p);

/* pump_ask sends SIGTERM to a running process (git then removes its locks) and tells the client why
 * (or NULL). pump_kill kills it. */
void pump_ask(struct pump *p, const char *why);
void pump_kill(struct pump *p);

/* Frees everything. The process must have ended. */
void pump_end(struct pump *p);

#endif
