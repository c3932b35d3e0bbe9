/*
 * doorcounts: what hornero-door has counted since it started. It keeps the counts in memory, so
 * that no login waits for a disk, and tells them to each client of the socket RUN_DIR/door-counts.
 *
 * Written by: hornero-door (the listener).
 * Read by: hornero (`metrics`).
 */
#ifndef HORNERO_STATE_DOORCOUNTS_H
#define HORNERO_STATE_DOORCOUNTS_H

#include "lib/err.h"

#include <stdint.h>

enum door_refused {
	DOOR_PENALTY,      /* its address is shut out for some time */
	DOOR_ADDRESS_FULL, /* its address has all connections that one may have */
	DOOR_FULL,         /* all connections are taken */
	DOOR_KEY_FULL,     /* its key has all connections that one may have */
	DOOR_DENIED,       /* none of its keys is known, or it did not speak SSH */
	DOOR_TIMEOUT,      /* it did not log in in time */
	DOOR_CRASHED,      /* the process of the connection died */
};
enum { DOOR_REFUSALS = DOOR_CRASHED + 1 };

struct door_counts {
	uint64_t logins;
	uint64_t refused[DOOR_REFUSALS];
	uint64_t open, logged_in; /* connections at this moment */
};

const char *door_refused_name(enum door_refused why);

/* The door's end. Returns a listening descriptor that does not block, or -1. */
int doorcounts_listen(const char *run_dir, struct err *e);
/* Answers one client that waits. */
void doorcounts_answer(int fd, const struct door_counts *c);

/* Returns 1 with *out filled, 0 if no door listens, -1 if it does not answer or we may not ask. */
int doorcounts_ask(const char *run_dir, struct door_counts *out);

#endif
