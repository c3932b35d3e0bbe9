/*
 * digest: the SHA-256 of a large file, computed without evicting pages that others have cached.
 *
 *     own_fd int fd = digest_open(dir, name, e);
 *     digest_fd(fd, pace, arg, hex, e)
 *
 * Reads with O_DIRECT if the filesystem supports it: the pages of running guests stay cached, and
 * the data comes from the disk itself. Otherwise drops the pages that it read. Does not read holes.
 */
#ifndef HORNERO_LIB_DIGEST_H
#define HORNERO_LIB_DIGEST_H

#include "lib/err.h"
#include "lib/sha.h"

#include <stdint.h>

/* Called after each piece with the number of bytes read from the disk for it. Return non-zero with
 * e filled to end the digest. */
typedef int digest_pace(void *arg, int64_t bytes, struct err *e);

/* Opens a regular file for digest_fd without following a link. Returns a descriptor, or -1 with
 * ERR_NOBODY; e->sys is ENOENT if the file does not exist. */
int digest_open(int dir, const char *name, struct err *e);

/* Hashes the whole file. pace may be NULL. Clears O_DIRECT of fd if reading requires that. Returns
 * 0, or -1 with e filled. */
int digest_fd(int fd, digest_pace *pace, void *arg, char out[SHA256_HEX + 1], struct err *e);

#endif
