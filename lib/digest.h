/*
 * digest: the SHA-256 of a large file, read without disturbing what the page cache holds for others.
 *
 *     own_fd int fd = digest_open(dir, name, e);
 *     digest_fd(fd, pace, arg, hex, e)
 *
 * Reads with O_DIRECT where the filesystem has it, so that pages of running guests stay where they are and the disk
 * itself is read. Elsewhere it drops the pages that it read. Holes are not read.
 */
#ifndef HORNERO_LIB_DIGEST_H
#define HORNERO_LIB_DIGEST_H

#include "lib/err.h"
#include "lib/sha.h"

#include <stdint.h>

/* Called after each piece with the number of bytes read from the disk for it. Non-zero ends the digest: fill e. */
typedef int digest_pace(void *arg, int64_t bytes, struct err *e);

/* A regular file for digest_fd; no link is followed. -1 with ERR_NOBODY, and sys ENOENT where it is not there. */
int digest_open(int dir, const char *name, struct err *e);

/* The whole file. pace may be NULL. Clears O_DIRECT of fd where reading needs that. Returns 0, or -1 with e filled. */
int digest_fd(int fd, digest_pace *pace, void *arg, char out[SHA256_HEX + 1], struct err *e);

#endif
