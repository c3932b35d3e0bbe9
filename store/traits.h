/*
 * traits: what Placement knows of this node's warm images: GLANCE_DIR/placement.json.
 * hornero-glance alone writes it. An image that is warm has a trait on the resource provider of the
 * node, CUSTOM_HORNERO_ and its UUID.
 */
#ifndef HORNERO_STORE_TRAITS_H
#define HORNERO_STORE_TRAITS_H

#include "lib/err.h"
#include "lib/uuid.h"

#include <stdint.h>

#define TRAIT_PREFIX "CUSTOM_HORNERO_"
enum { TRAIT_LEN = sizeof(TRAIT_PREFIX) - 1 + UUID_LEN };

/* As in registration.h. */
#define TRAITS_SET     "set"
#define TRAITS_WAITING "waiting"
#define TRAITS_REFUSED "refused"

struct traits {
	char provider[65]; /* the resource provider's name */
	char state[17];
	char reason[401];
	int64_t count;     /* traits of ours that it has, if set */
	int64_t since_ms;  /* wall: of this state */
	int64_t next_ms;   /* wall: of the next try; 0: none */
};

/* The trait of an image. Pure. */
void trait_of(const char *uuid, char out[TRAIT_LEN + 1]);

/* Durable on return. Bytes of reason that a record cannot have become "?". */
int traits_save(const char *glance_dir, const struct traits *t, struct err *e);
/* Returns 1 if read, 0 if missing or invalid (logged), -1 on error. */
int traits_load(const char *glance_dir, struct traits *out, struct err *e);
int traits_remove(const char *glance_dir, struct err *e);

#endif
