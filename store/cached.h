/*
 * cached: the files of ours in Nova's cache, by their records, and whether their bytes are still those that were published.
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

/* The records of images' own names and of releases whose file is ours. Sorted by name. *list is the caller's to free. */
int cached_load(const char *store_dir, struct warm **list, size_t *n, struct err *e);

/* The first of list[0..i) that is the same file with the same promise, or NULL: a release and its image may share one file. */
const struct warm *cached_twin(const struct warm *list, size_t i);

enum cached_state {
	CACHED_OK,
	CACHED_CHANGED, /* found is the SHA-256 of what is there */
	CACHED_OTHER,   /* the file is not there, or another one by now: no concern of this record */
};

/* Digests the file and compares with the record. Nothing is written. The state, or -1 with e where it cannot be read. */
int cached_verify(const char *cache_dir, const struct warm *w, digest_pace *pace, void *arg, char found[SHA256_HEX + 1],
		  struct err *e);

#endif
