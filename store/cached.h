/*
 * cached: lists our files in Nova's cache by their records, and checks that their bytes are still
 * those that were published.
 *
 *     struct warm *list = NULL;
 *     cached_load(store_dir, &list, &n, e);                   by name in the cache
 *     cached_verify(c, &list[i], pace, arg, found, e)
 *     free(list);
 */
#ifndef HORNERO_STORE_CACHED_H
#define HORNERO_STORE_CACHED_H

#include "lib/digest.h"
#include "store/warm.h"

#include <stddef.h>

/* Loads the records of images' own names and of releases whose file is ours, sorted by name. The
 * caller frees *list. */
int cached_load(const char *store_dir, struct warm **list, size_t *n, struct err *e);

/* Returns the first of list[0..i) with the same file and digest, or NULL: a release and its image
 * may share one file. */
const struct warm *cached_twin(const struct warm *list, size_t i);

enum cached_state {
	CACHED_OK,
	CACHED_CHANGED, /* found is the SHA-256 of the present bytes */
	CACHED_OTHER,   /* the file is gone or replaced: not this record's concern */
};

/* Digests the file and compares it with the record. Writes nothing. Returns the state, or -1 with e
 * if the file cannot be read. */
int cached_verify(const char *cache_dir, const struct warm *w, digest_pace *pace, void *arg,
		  char found[SHA256_HEX + 1], struct err *e);

#endif
