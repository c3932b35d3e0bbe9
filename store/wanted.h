/*
 * wanted: an artifact that this node wants from another node instead of a build, and what became of
 * the wish. hornero-build asks, `hornero-glance --share` looks in Glance and fetches:
 *
 *     STORE/wanted/UUID.json           the wish of the image's attempt, by hornero-build
 *     STORE/wanted/UUID.lock           held by hornero-build as long as it waits
 *     GLANCE_DIR/shared/UUID.json      the answer, by hornero-glance
 *     GLANCE_DIR/shared/UUID.raw       the bytes, if it found them
 *
 * Each program writes to its own directory only. An image has one attempt at a time, so a new wish
 * replaces the old one. An answer belongs to the wish with the same job, attempt and turn.
 */
#ifndef HORNERO_STORE_WANTED_H
#define HORNERO_STORE_WANTED_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wanted {
	char image[UUID_LEN + 1];
	int64_t job, attempt;
	int64_t turn; /* counts the questions of an attempt, from 1 */
	char key[SHA256_HEX + 1];
	char commit[65];
	char builder_file[SHA256_HEX + 1]; /* these two say why a key differs */
	char toolchain[SHA256_HEX + 1];
	char project[65]; /* that owns the image's records; "": the credential's */
};

#define SHARED_FOUND  "found"
#define SHARED_NONE   "none"   /* no node has it; reason may say why */
#define SHARED_FAILED "failed" /* reason says why the bytes were not taken */

struct shared {
	char image[UUID_LEN + 1];
	int64_t job, attempt, turn;
	char state[17];
	char digest[SHA256_HEX + 1]; /* "" unless found */
	int64_t size_bytes;
	char from[256];   /* node and URL, for users; "" unless found */
	char reason[401]; /* "" if found */
};

/* Takes the lock of the image's wish. Returns a descriptor to close, or -1 on error: ERR_NOBODY if
 * another process has it. */
int wanted_lock(const char *store_dir, const char *image, struct err *e);
/* Returns true if the process that wished still waits. */
bool wanted_is_alive(const char *store_dir, const char *image);

int wanted_put(const char *store_dir, const struct wanted *w, struct err *e);
/* Returns 1 if read, 0 if missing or invalid, -1 on error. */
int wanted_get(const char *store_dir, const char *image, struct wanted *out, struct err *e);
void wanted_remove(const char *store_dir, const char *image);

/* Calls fn for each wish whose process waits, until fn returns non-zero; returns that value, 0, or
 * -1 on error. */
int wanted_each(const char *store_dir, int (*fn)(void *arg, const struct wanted *w), void *arg,
		struct err *e);

/* Replaces the image's answer; bytes of texts that a record cannot have become "?". */
int shared_put(const char *glance_dir, const struct shared *s, struct err *e);
/* Returns 1 if read, 0 if missing or invalid, -1 on error. */
int shared_get(const char *glance_dir, const char *image, struct shared *out, struct err *e);
bool shared_answers(const struct shared *s, const struct wanted *w);

/* The path of the directory and of the bytes; the caller frees it. */
char *shared_dir(const char *glance_dir);
char *shared_bytes(const char *glance_dir, const char *image);
/* Returns true if `hornero-glance --share` runs: it has a lock on that directory. */
bool shared_is_served(const char *glance_dir);

#endif
