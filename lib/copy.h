/*
 * copy: copies a file's bytes into a new file, by reflink if the filesystem supports it, else
 * extent by extent, leaving holes out.
 *
 * Large extents bypass the page cache (O_DIRECT). That is as fast as buffered writing at its best.
 * It does not evict pages that the node's instances have cached, and does not wait for pages that
 * the host of a virtual machine has yet to find (measured for 400 MB: always 0.2-0.3 s, against
 * 0.15-2.3 s). If O_DIRECT is refused, all writes are buffered.
 */
#ifndef HORNERO_LIB_COPY_H
#define HORNERO_LIB_COPY_H

#include "lib/err.h"

#include <stdint.h>

enum copy_way {
	COPY_REFLINK,
	COPY_DIRECT,   /* at least one extent */
	COPY_BUFFERED,
};

/* Called before each chunk of 1 MiB. Return -1 with e filled to end the copy. */
typedef int copy_stop(void *arg, struct err *e);

/* Copies size bytes of `in`, a regular file whose offset does not change, into `out`, which must be
 * empty and open for writing without O_APPEND. On success `out` has exactly that length and *way
 * says how it was copied; nothing is durable yet. Returns 0, or -1 with e filled: ERR_NOBODY if the
 * disk is full. */
int copy_file(int in, int out, int64_t size, copy_stop *stop, void *arg, enum copy_way *way,
	      struct err *e);

/* Returns "reflink", "direct" or "buffered". */
const char *copy_way_name(enum copy_way way);

#endif
