/*
 * release: the artifacts that an image has had and that the store still has, and which of them are needed.
 *
 *     struct release *list; size_t n;
 *     if (release_list(store_dir, uuid, repo, &list, &n, e) < 0) …
 *     free(list);
 *
 * What the image has now and had before stands in its warm record, or in that of a release that was published alone since; what else
 * was built for it the manifests say. No database is asked. What was built under the same UUID from another repository than
 * repo, before the image was bound to this one, is none of them.
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
	char commit[65];             /* the same */
	int64_t built_ms, size_bytes;
	bool shared;                 /* first built for another image: commit and built_ms are that one's */
	bool current, previous;      /* as release_needed says */
	char problem[ERR_MSG_MAX];   /* why it cannot be published: its file was changed; "" */
};

/* Of the image, the newest built first. *out is the caller's to free. */
int release_list(const char *store_dir, const char *uuid, const char *repo, struct release **out, size_t *n, struct err *e);

/* The artifact that this release of the image is: 1 and its digest, 0 the store has none that was built for the image or
 * is in its record, -1. */
int release_find(const char *store_dir, const char *uuid, const char *repo, const char *release, char digest[SHA256_HEX + 1],
		 struct err *e);

/* The same, described. */
int release_get(const char *store_dir, const char *uuid, const char *repo, const char *release, struct release *out,
		struct err *e);

/* What the image was published with last, under its own name or as a release alone; w->digest is "" where it never was. */
int release_newest(const char *store_dir, const char *uuid, struct warm *w, struct err *e);

/* The artifact that the image was last published with, and the one before it that the store still has: what a rollback
 * without a RELEASE takes, and what no collector may take. "" where there is none. */
int release_needed(const char *store_dir, const char *uuid, char current[SHA256_HEX + 1], char previous[SHA256_HEX + 1],
		   struct err *e);

#endif
