/*
 * registration: what became of a release in Glance: GLANCE_DIR/RELEASE.json, with the setting
 * glance_dir. hornero-glance alone writes it, after each try. It answers the file of the outbox
 * (outbox.h) with the same release, job and attempt; or, with release and image alike, that of a
 * stable id (stable.h).
 */
#ifndef HORNERO_STORE_REGISTRATION_H
#define HORNERO_STORE_REGISTRATION_H

#include "store/outbox.h"

enum registration_state {
	REGISTRATION_NONE,       /* not tried yet */
	REGISTRATION_WAITING,    /* tried again soon: Glance is busy or does not answer */
	REGISTRATION_HELD,       /* a quota is used up */
	REGISTRATION_REFUSED,    /* an operator must change something */
	REGISTRATION_REGISTERED, /* active, with our bytes */
	REGISTRATION_MADE,       /* of a stable id (stable.h): the record has no bytes yet */
	REGISTRATION_RETIRED,    /* of an older release: deactivated, or never registered */
};

struct registration {
	char release[UUID_LEN + 1];
	char image[UUID_LEN + 1];
	char digest[SHA256_HEX + 1]; /* "": a stable id without bytes */
	int64_t job, attempt;
	char state[17];   /* registration_state_name() */
	char method[17];  /* by which Glance got or gets the bytes: location, import, upload; "" */
	char passed[17];  /* the last method that Glance refused; "" */
	char reason[401]; /* one sentence; "" */
	int64_t tries;    /* since it was last registered or the outbox changed */
	int64_t since_ms; /* wall: of this state */
	int64_t next_ms;  /* wall: of the next try; 0: none */
};

const char *registration_state_name(enum registration_state state);
/* The state of a record; REGISTRATION_NONE if it has none of our words. */
enum registration_state registration_state(const struct registration *r);

/* Whether the record answers this file of the outbox. */
bool registration_answers(const struct registration *r, const struct outgoing *o);

/* Durable on return. Bytes of reason that a record cannot have become "?". */
int registration_save(const char *glance_dir, const struct registration *r, struct err *e);

/* Returns 1 if read, 0 if missing or invalid (logged), -1 on error. */
int registration_load(const char *glance_dir, const char *release, struct registration *out,
		      struct err *e);

#endif
