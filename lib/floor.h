/*
 * floor: how much of a filesystem is to stay free.
 *
 *     struct floor f = conf_store_floor(conf);
 *     if (floor_is_low(&f, why)) …      "disk: 1.2 GiB free on /srv, the floor is 5.0 GiB (…)"
 */
#ifndef HORNERO_LIB_FLOOR_H
#define HORNERO_LIB_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

enum { FLOOR_WHY = 512 };

struct floor {
	const char *dir;
	int64_t bytes;
	const char *key;         /* where the floor stands in the configuration */
	const char *reserved_on; /* where dir is on the filesystem of this one, reserved_bytes are added */
	int64_t reserved_bytes;
};

/* The floor with what is reserved. */
int64_t floor_bytes(const struct floor *f);

/* What anybody but root may still write there; -1 where the filesystem does not say. */
int64_t floor_free_bytes(const struct floor *f);

/* How much is missing; 0: nothing, or nobody knows. */
int64_t floor_lack_bytes(const struct floor *f);

/* Whether something is missing; then why says so, and what can be done. */
bool floor_is_low(const struct floor *f, char why[FLOOR_WHY]);

#endif
