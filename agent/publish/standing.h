/*
 * standing: does the base that instances use already have the bytes to be published?
 *
 * If so, replacing it is harmless: this happens after a publisher died between its rename and its
 * answer. The comparison may read every byte, so it runs before we take Nova's lock; under the lock
 * we only check that it is still the same file. If the base is gone, its bytes are unknown: another
 * file may have had its name when the instances started.
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

/* Returns 1 if both files have the same first `size` bytes, 0 if not, -1 on error. */
int standing_compare(int a, int b, int64_t size, copy_stop *stop, void *arg, struct err *e);

/* Compares the files, unless the warm record says that the base has other bytes. */
int standing_look(struct standing *s, const char *store_dir, int cache, const char *image,
		  const char *name, const struct manifest *m, int artifact, copy_stop *stop,
		  void *arg, struct err *e);

/* Is the name still the file that standing_look() found to have the same bytes? */
bool standing_is_same(const struct standing *s, int cache, const char *name);

#endif
