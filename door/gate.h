/*
 * gate: who is let in. Slots, caps and penalties; pure: it holds no descriptor and reads no clock.
 *
 *     struct gate *g = gate_new(&limits);
 *     v = gate_admit(g, &address, now_ms);
 *     if (v.answer == GATE_IN) … if (v.evicts) end the connection of v.slot; start one there
 *     v = gate_logged_in(g, slot, "alice", now_ms);
 *     if (v.answer == GATE_IN) … if (v.evicts) end the connection of v.slot
 *     gate_busy(g, slot, true);
 *     gate_leave(g, slot, GATE_DENIED, now_ms);
 *
 * Who has not logged in yet may be pushed out by a newcomer: the oldest of the address that has most of them, so
 * that a crowd which only waits never keeps a user out. Where all are logged in it is one that does nothing, of the key
 * that has most of those. Who does something is never pushed out.
 *
 * The first offences of an address are free, then each shuts it out for twice as long as the one before. A login
 * ends that, and so does time. Where a key came from lately, others may come from: that address is shut for a moment
 * at most, and open for as long afterwards, whatever comes from it.
 */
#ifndef HORNERO_DOOR_GATE_H
#define HORNERO_DOOR_GATE_H

#include "conf/keyring.h"
#include "door/address.h"

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
	GATE_PENALTY,      /* come back in wait_ms */
	GATE_ADDRESS_FULL, /* this address has all that it may have, and does something in each */
	GATE_FULL,         /* everybody together has */
	GATE_KEY_FULL,     /* this key has, and does something in each */
};

struct gate_verdict {
	enum gate_answer answer;
	size_t slot;
	bool evicts;     /* the slot is taken: its connection is to be ended, and has left already as far as the gate knows */
	int64_t wait_ms;
};

/* How a connection ended. */
enum gate_end {
	GATE_GONE,   /* nothing to hold against anybody */
	GATE_LEFT,   /* it left before it logged in: GATE_LEFT_MAX times in GATE_LEFT_MS are one offence */
	GATE_DENIED, /* no key of it was known, or it spoke something else than SSH, or nothing for too long */
	GATE_CRASH,  /* our process died of it */
};

enum { GATE_FREE_OFFENCES = 3, GATE_PENALTY_MS = 1000, GATE_PENALTY_MAX_MS = 600000, GATE_FORGET_MS = 60000,
       GATE_LEFT_MAX = 10, GATE_LEFT_MS = 30000, GATE_KNOWN_MS = 24 * 3600 * 1000 };

struct gate;

struct gate *gate_new(const struct gate_limits *limits); /* NULL: out of memory */
void gate_free(struct gate *g);

struct gate_verdict gate_admit(struct gate *g, const struct address *from, int64_t now_ms);

/* By a key of that name. GATE_IN, perhaps with another slot of the key that is to be ended, or GATE_KEY_FULL: then the
 * caller ends it, and it leaves as everybody does. */
struct gate_verdict gate_logged_in(struct gate *g, size_t slot, const char *key, int64_t now_ms);

/* Whether who is logged in does something. At first it does not. */
void gate_busy(struct gate *g, size_t slot, bool busy);
void gate_leave(struct gate *g, size_t slot, enum gate_end how, int64_t now_ms);

#endif
