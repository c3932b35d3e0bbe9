/*
 * clients: the connections of hornero-serve: how many there may be, how slow they may be, and how
 * fast.
 *
 *     clients_init(&c, limits)
 *     k = clients_admit(&c, sa, now_ms)          NULL: not now, c.why says why
 *     k = clients_start(&c, fd)                  the library has taken its connection
 *     clients_begin(&c, k, now_ms)               a request is complete: bytes go out
 *     clients_done(&c, k, now_ms)                its response was sent
 *     clients_leave(&c, k)                       the connection is closed
 *     clients_look(&c, now_ms)                   at least once a second
 *
 * The kernel counts the bytes that a client has received, so a client that reads slowly is seen
 * even while nothing of ours waits for it.
 */
#ifndef HORNERO_SERVE_CLIENTS_H
#define HORNERO_SERVE_CLIENTS_H

#include "lib/address.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
	int fd;              /* the HTTP library's; -1: this place is free */
	struct address from;
	char peer[ADDRESS_TEXT];
	int64_t since_ms;    /* the start of its wait for a request, or of a window of a response */
	uint64_t received;   /* bytes that it had received then */
	bool started;        /* the library has taken it */
	bool busy;           /* a response is being sent */
	bool ended;          /* shut down: the library closes it soon */
	int64_t begin_ms;    /* of the request */
	char digest[13];     /* the first digits of what it gets; "" */
	unsigned int status;
	bool head;           /* it asks for the header alone */
	uint64_t bytes;      /* of the response */
	int file;            /* the library's; what is sent, while busy; -1: none */
	int64_t file_end;    /* the end of the part that is sent */
};

struct clients {
	size_t max, max_of_address;
	int64_t timeout_ms;
	uint64_t rate;       /* bytes a second for all together; 0: no limit */
	struct client *list; /* max of them */
	size_t n, busy, unstarted;
	uint64_t paced;      /* the rate of each busy one; 0: no limit */
	const char *why;
};

int clients_init(struct clients *c, struct err *e);
void clients_fini(struct clients *c);

/* Takes a place for a new connection. If all are taken, or all of its address, ends the oldest of
 * those without a request, so that its place is free soon. Returns NULL if there is no place now.
 * The caller sets fd. */
struct client *clients_admit(struct clients *c, const struct address *from, int64_t now_ms);

/* Returns the client whose connection is fd, or NULL. */
struct client *clients_start(struct clients *c, int fd);
/* Gives up the places of connections that the library has closed without taking them. */
void clients_leave_unstarted(struct clients *c);

void clients_begin(struct clients *c, struct client *k, int64_t now_ms);
void clients_done(struct clients *c, struct client *k, int64_t now_ms);
void clients_leave(struct clients *c, struct client *k);

/* Ends connections that have waited too long for a request, received too little, or whose file was
 * cut off: the library would try to send the missing bytes for ever. */
void clients_look(struct clients *c, int64_t now_ms);

/* Ends the connections without a request. */
void clients_end_idle(struct clients *c);

#endif
