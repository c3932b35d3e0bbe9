/*
 * pack: compresses a file by zstd, and reads it again.
 *
 *     if (pack_file(in, out, e) < 0) …              all of `in`, from offset 0
 *
 *     own_unpack struct unpack *u = unpack_new(fd, e);
 *     while ((n = unpack_read(u, buf, size)) > 0) …
 */
#ifndef HORNERO_LIB_PACK_H
#define HORNERO_LIB_PACK_H

#include "lib/err.h"

#include <stddef.h>
#include <sys/types.h>

/* Nothing is synced. Returns 0, or -1 with e filled: ERR_NOBODY if the disk is full. */
int pack_file(int in, int out, struct err *e);

struct unpack;
/* Borrows fd. Returns NULL with e filled if memory runs out. */
struct unpack *unpack_new(int fd, struct err *e);
void unpack_free(struct unpack *u);
/* Returns the number of bytes, 0 at the end, -1 with errno set: EBADMSG if the file is damaged. */
ssize_t unpack_read(void *u, char *buf, size_t size);

static inline void unpack_end(struct unpack **u)
{
	unpack_free(*u);
}
#define own_unpack __attribute__((cleanup(unpack_end)))

#endif
