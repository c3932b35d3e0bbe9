/*
 * notified: what the programs of events_dir were told of an image: DIR/IMAGE.json, with the setting
 * notify_dir. hornero-notify alone writes it, after each try. It is about the publication of the
 * same job and attempt; a newer publication replaces it.
 */
#ifndef HORNERO_STORE_NOTIFIED_H
#define HORNERO_STORE_NOTIFIED_H

#include "lib/err.h"
#include "store/warm.h"

#include <stdbool.h>
#include <stdint.h>

enum notified_state {
	NOTIFIED_NONE,   /* not tried yet */
	NOTIFIED_FAILED, /* tried again */
	NOTIFIED_DONE,   /* all programs ended well */
};

struct notified {
	char image[UUID_LEN + 1];
	int64_t job, attempt;
	char state[17];   /* notified_state_name() */
	char program[65]; /* the last one that ended well; those up to it are not run again; "" */
	char reason[401]; /* of a failure, one sentence; "" */
	int64_t tries;    /* that failed */
	int64_t since_ms; /* wall: of this state */
	int64_t next_ms;  /* wall: of the next try; 0: none */
};

const char *notified_state_name(enum notified_state state);
/* NOTIFIED_NONE if the record is about another publication. */
enum notified_state notified_state(const struct notified *n, const struct warm *published);

/* Durable on return. Bytes of reason that a record cannot have become "?". */
int notified_save(const char *notify_dir, const struct notified *n, struct err *e);

/* Returns 1 if read, 0 if missing or invalid (logged), -1 on error. */
int notified_load(const char *notify_dir, const char *image, struct notified *out, struct err *e);

#endif
