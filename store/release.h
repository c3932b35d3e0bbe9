/*
 * release: lists the artifacts that an image has had and the store still has, and tells which are
 * needed.
 *
 *     struct release *list; size_t n;
 *     if (release_list(store_dir, uuid, repo, &list, &n, e) < 0) …
 *     free(list);
 *
 * The warm record of an image, or that of a release published alone since, holds its present and
 * earlier artifacts; manifests name the others built for it. No database is read. Artifacts that
 * were built under the same UUID from a repository other than repo, before the image was bound to
 * this one, do not count.
 */
#ifndef HORNERO_STORE_RELEASE_H
#define HORNERO_STORE_RELEASE_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"
#include "store/warm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct release {
	char uuid[UUID_LEN + 1];     /* UUIDv5 of the image and the digest */
	char digest[SHA256_HEX + 1];
	char image[UUID_LEN + 1];    /* that it was first built for */
	char commit[65];             /* likewise */
	int64_t built_ms, size_bytes;
	bool shared;                 /* first built for another image, which commit and built_ms
				      * refer to */
	bool current, previous;      /* as in release_needed */
	char problem[ERR_MSG_MAX];   /* why it cannot be published (its file was changed); "" */
};

/* Lists the releases of the image, the newest build first. The caller frees *out. */
int release_list(const char *store_dir, const char *uuid, const char *repo, struct release **out,
		 size_t *n, struct err *e);

/* Finds the artifact of this release of the image. Returns 1 and its digest, 0 if the store has
 * none that was built for the image or is in its record, -1 on error. */
int release_find(const char *store_dir, const char *uuid, const char *repo, const char *release,
		 char digest[SHA256_HEX + 1], struct err *e);

/* The same, with its description. */
int release_get(const char *store_dir, const char *uuid, const char *repo, const char *release,
		struct release *out, struct err *e);

/* Reads the record of the image's last publication, under its own name or as a release alone.
 * w->digest is "" if there was none. */
int release_newest(const char *store_dir, const char *uuid, struct warm *w, struct err *e);

/* Finds the artifact of the last publication, and the one before it that the store still has: a
 * rollback without a RELEASE uses it, and no collector may take it. "" if there is none. */
int release_needed(const char *store_dir, const char *uuid, char current[SHA256_HEX + 1],
		   char previous[SHA256_HEX + 1], struct err *e);

#endif
