/*
 * standing: are the bytes that instances stand on the very ones that are to be published?
 *
 * Then replacing the base harms nobody: after a publisher that died between its rename and its
 * answer the same bytes come back. The answer may need a comparison byte by byte, so it is found before
 * Nova's lock is taken and only held against the file's identity under it. Of a base that is gone nobody
 * knows the bytes: another one may have had its name when the instances began.
 */
#ifndef HORNERO_AGENT_PUBLISH_STANDING_H
#define HORNERO_AGENT_PUBLISH_STANDING_H

#include "lib/copy.h"
#include "lib/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct standing {
	bool same;
	ino_t ino;
	int64_t born_ns;
	off_t size_bytes;
};

/* Have both files the same `size` bytes? 1 so, 0 not, -1 error. */
int standing_compare(int a, int b, int64_t size, copy_stop *stop, void *arg, struct err *e);

/* Compares the files, unless the warm record knows that the base has other bytes. */
int standing_look(struct standing *s, const char *store_dir, int cache, const char *image, const char *name,
		  const struct manifest *m, int artifact, copy_stop *stop, void *arg, struct err *e);

/* Still true of what lies under the name now? */
bool standing_is_same(const struct standing *s, int cache, const char *name);

#endif
