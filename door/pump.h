/*
 * pump: one command: bytes between an SSH channel and the process that serves it.
 *
 *     pump_open(p, session, chunk)     a channel of its own, callbacks set
 *     pump_start(p, order, e)          or pump_say(p, text, code): an answer without a process
 *     n = pump_poll(p, fds)            what to wait for
 *     pump_turn(p, fds)                after the wait
 *     pump_over(p)                     both sides have closed
 *     pump_end(p)
 *     pump_hang_up(p), pump_ask(p), pump_kill(p)
 *                                      instead, when the connection is gone: until the process has ended; then pump_end
 *
 * What is held is bounded on both ways: towards the process by two windows of libssh (a client that sends beyond its
 * window is thrown out), towards the client by one chunk, since nothing is read from the process before the last chunk
 * has left for the network.
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

/* PUMP_MEMORY: private memory of the process that pumps; it holds a few windows and no more. */
enum { PUMP_CHUNK = 256 * 1024, PUMP_HELD_MAX = 4 * 1024 * 1024, PUMP_POLLS = 4, PUMP_CLOSE_MS = 2000,
       PUMP_MEMORY = 32 * 1024 * 1024 };

/* Bytes that could not go on yet. */
struct hold {
	char *data;
	size_t at, len;
};

struct pump {
	bool used;
	ssh_session session;
	ssh_channel channel;
	struct ssh_channel_callbacks_struct callbacks;
	char *chunk;             /* PUMP_CHUNK bytes, the connection's */
	char protocol[72];       /* GIT_PROTOCOL, or "" */

	bool commanded;          /* a command was given: no second one on this channel */
	bool git;                /* not words of hornero */
	bool writes;             /* it may change the repository: let it finish when the client is gone */
	struct child child;      /* pid 0: none, or reaped */
	int in, out, err;        /* our ends, non-blocking; -1 closed */
	struct hold to_child, to_out, to_err;
	size_t unread;           /* what libssh holds for us */
	bool client_eof, client_closed;
	bool broken;             /* the connection cannot go on: memory is out, or the client says more than it may */

	bool ended;              /* there is no process (any more); status is what the client gets */
	int status;              /* as waitpid has it */
	int64_t closed_ms;       /* when we closed the channel; 0 not yet */
	int64_t began_ms, moved_ms; /* moved_ms: when a byte went either way last */
	int64_t looked_ms;       /* when its cost was looked at last */
	bool too_dear;           /* its pack was refused for its cost, and its client told */
	int64_t cpu_ms;          /* of the process and all that it waited for, once it is reaped */
	uint64_t got, sent;      /* bytes of the channel */
	char what[128];          /* for the log */
};

/* A new channel for a client that asks for one. p is zeroed and stays where it is. NULL: no memory. */
ssh_channel pump_open(struct pump *p, ssh_session session, char *chunk);

int pump_start(struct pump *p, const struct order *o, struct err *e);

/* One line on the client's standard error, and the exit code. */
void pump_say(struct pump *p, const char *text, int code);

size_t pump_poll(struct pump *p, struct pollfd fds[PUMP_POLLS]);
/* It has to be given its turns more often than others: its cost is watched. */
bool pump_is_watched(const struct pump *p);

void pump_turn(struct pump *p, const struct pollfd fds[PUMP_POLLS], size_t n, int64_t now_ms);

/* The channel is closed on both sides (or we waited long enough) and its process reaped. */
bool pump_over(const struct pump *p, int64_t now_ms);

/* The client is gone, or is as good as gone: its process gets the end of its input, and what it says goes nowhere. */
void pump_hang_up(struct pump *p);

/* A process that still runs is asked to end (git takes its locks along), and its client told why (or NULL); or made to. */
void pump_ask(struct pump *p, const char *why);
void pump_kill(struct pump *p);

/* Frees everything. No process is left. */
void pump_end(struct pump *p);

#endif
