/*
 * gate: decides which connections to admit: slots, caps and penalties. Pure: it holds no descriptor
 * and reads no clock.
 *
 *     struct gate *g = gate_new(&limits);
 *     v = gate_admit(g, &address, now_ms);
 *     if (v.answer == GATE_IN) … if (v.evicts) end the connection of v.slot; start one there
 *     v = gate_logged_in(g, slot, "alice", now_ms);
 *     if (v.answer == GATE_IN) … if (v.evicts) end the connection of v.slot
 *     gate_busy(g, slot, true);
 *     gate_leave(g, slot, GATE_DENIED, now_ms);
 *
 * A newcomer may evict a connection that has not logged in: the oldest of the address that has most
 * of them, so a crowd that only waits never keeps a user out. If all are logged in, it may evict an
 * idle one, of the key that has most of those. A busy connection is never evicted.
 *
 * The first offences of an address are free. Each further one shuts it out for twice as long as the
 * one before. A login resets the count, and time reduces it. An address from which a key logged in
 * recently may be shared by others: its penalty is the shortest one, and for as long afterwards it
 * gets no new one.
 */
#ifndef HORNERO_DOOR_GATE_H
#define HORNERO_DOOR_GATE_H

#include "conf/keyring.h"
#include "lib/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gate_limits {
	size_t connections;             /* in all */
	size_t connections_per_address;
	size_t connections_per_key;
	size_t logins;                  /* of those, not logged in yet */
};

enum gate_answer {
	GATE_IN,
	GATE_PENALTY,      /* try again in wait_ms */
	GATE_ADDRESS_FULL, /* this address has all its connections, and all are busy */
	GATE_FULL,         /* all connections are taken and busy */
	GATE_KEY_FULL,     /* this key has all its connections, and all are busy */
};

struct gate_verdict {
	enum gate_answer answer;
	size_t slot;
	bool evicts;     /* the caller must end the connection in the slot; the gate has dropped
			  * it already */
	int64_t wait_ms;
};

/* How a connection ended. */
enum gate_end {
	GATE_GONE,   /* no offence */
	GATE_LEFT,   /* it left before logging in: GATE_LEFT_MAX times in GATE_LEFT_MS are one
		      * offence */
	GATE_DENIED, /* none of its keys is known, or it did not speak SSH, or was silent for too
		      * long */
	GATE_CRASH,  /* our process crashed */
};

enum {
	GATE_FREE_OFFENCES = 3,
	GATE_PENALTY_MS = 1000,
	GATE_PENALTY_MAX_MS = 600000,
	GATE_FORGET_MS = 60000,
	GATE_LEFT_MAX = 10,
	GATE_LEFT_MS = 30000,
	GATE_KNOWN_MS = 24 * 3600 * 1000
};

struct gate;

struct gate *gate_new(const struct gate_limits *limits); /* Returns NULL if memory runs out. */
void gate_free(struct gate *g);

struct gate_verdict gate_admit(struct gate *g, const struct address *from, int64_t now_ms);

/* The connection in slot has logged in with the key of that name. Returns GATE_IN, maybe with
 * another slot of the key to end, or GATE_KEY_FULL: then the caller ends the connection and calls
 * gate_leave as usual. */
struct gate_verdict gate_logged_in(struct gate *g, size_t slot, const char *key, int64_t now_ms);

/* Records whether a logged-in connection is busy. At first it is idle. */
void gate_busy(struct gate *g, size_t slot, bool busy);
void gate_leave(struct gate *g, size_t slot, enum gate_end how, int64_t now_ms);

#endif
