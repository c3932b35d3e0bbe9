/*
 * kept: records how long an image is kept warm and what happened to its file: STORE/kept/UUID.json,
 * one per image and per current release. hornero-keep writes it, and hornero-collect after it had a
 * file removed, each with a flock on STORE/kept (kept_lock). warm.h records the files that are
 * warm.
 *
 * Nova's cache manager counts a base's age from its mtime. Every spawn and every instance that
 * stands on it renews the mtime, and so do we. An mtime that we did not set is a use: so the record
 * holds the times that we set, before we set them.
 */
#ifndef HORNERO_STORE_KEPT_H
#define HORNERO_STORE_KEPT_H

#include "lib/err.h"
#include "lib/steady.h"
#include "store/warm.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEPT_ALWAYS = -1 }; /* a duration in seconds: this; 0: never; else from the last use or
			    * push */

struct kept {
	char image[UUID_LEN + 1];
	char digest[SHA256_HEX + 1]; /* of the warm record that used_ms belongs to */
	char commit[65];
	uint64_t ino;                /* of the touched file, like its birth */
	int64_t born_ns;
	int64_t used_ms;             /* wall: the last known use or push */
	int64_t touched_ns;          /* the mtime that we set or were about to set; 0: none */
	int64_t touched_before_ns;   /* the one before: the file has it if we died in between */
	int64_t gone_ms;             /* wall: when it was first found missing; 0: it exists */
	int64_t free_ms;             /* of a release published alone; wall: since when no
				      * instance stands on the image's own name; 0: one does, or
				      * unchecked */
	char evicted[161];           /* why it was collected, if that is why it is missing; "" */
};

/* Returns a descriptor that holds the lock until it is closed, or -1 (ERR_NOBODY if another process
 * holds it too long). */
int kept_lock(const char *store_dir, struct err *e);

/* Records that the file of the image's own name was collected. used_ms is its last known use.
 * Durable on return. */
int kept_note_evicted(const struct steady *clock, const char *store_dir, const char *uuid,
		      int64_t used_ms, int64_t now_ms, const char *why, struct err *e);

/* Durable on return. */
int kept_save(const struct steady *clock, const char *store_dir, const struct kept *k,
	      struct err *e);

int kept_remove(const char *store_dir, const char *uuid, struct err *e);

/* Returns 1 if read, 0 if missing or invalid (logged), -1 on error. */
int kept_load(const struct steady *clock, const char *store_dir, const char *uuid, struct kept *out,
	      struct err *e);

/* Updates k (zeroed if there is no record) from the warm record and the file's mtime. mtime_ns 0
 * means that the file is missing; the caller then sets gone_ms. A new commit or digest counts as a
 * push. A new file with the same ones was published again by the sweep, which is no use. Pure. */
void kept_learn(const struct steady *clock, struct kept *k, const struct warm *w, int64_t mtime_ns);

/* The same for a release (placed.h): reads and updates STORE/kept/RELEASE.json. If the image's own
 * name has the same bytes, a use of that counts, too. Returns 0, or -1 on error. */
int kept_of_release(const struct steady *clock, const char *store_dir, const struct warm *release,
		    int64_t mtime_ns, struct kept *out, struct err *e);

/* Returns when the keeping ends (wall ms), or INT64_MAX for always. Pure. */
int64_t kept_until_ms(const struct kept *k, int64_t keep_s);

/* Returns the mtime to set on the file, or 0 for none. age_s is the age at which Nova removes a
 * file. Touches files older than half of it, with a time that makes Nova's ageing end when the
 * keeping does. Pure. */
int64_t kept_touch_ns(const struct kept *k, int64_t keep_s, int64_t age_s, int64_t mtime_ns,
		      int64_t now_ms);

/* Returns the earliest time (wall ms) at which Nova's ageing may have deleted the file: before it
 * only a user can have. w->published_ms must be converted to the wall clock already. Pure. */
int64_t kept_safe_until_ms(const struct kept *k, const struct warm *w, int64_t age_s);

#endif
