/*
 * copy: the bytes of one file into a new one, as a reflink where the filesystem can, else extent
 * by extent, holes left out.
 *
 * Large extents go around the page cache (O_DIRECT): as fast as buffered writing at its best, and
 * neither evicts what the node's instances have cached nor waits for pages that the host of a
 * virtual machine has yet to find (measured for 400 MB: 0.2-0.3 s always, against 0.15-2.3 s).
 * Where O_DIRECT is refused, all is buffered.
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

/* Asked before each chunk of 1 MiB: -1 with e filled ends the copy. */
typedef int copy_stop(void *arg, struct err *e);

/* size bytes of `in` (a regular file; its offset stays) into `out`, empty and open for writing
 * without O_APPEND. On return `out` has exactly that length; nothing is durable yet. *way says how.
 * ERR_NOBODY where the disk is full. */
int copy_file(int in, int out, int64_t size, copy_stop *stop, void *arg, enum copy_way *way, struct err *e);

/* "reflink", "direct", "buffered". */
const char *copy_way_name(enum copy_way way);

#endif
