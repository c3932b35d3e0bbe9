/*
 * tar: an archive of regular files that checks itself, and that tar(1) and sha256sum(1) read.
 *
 *     own_tar_out struct tar_out t = {0};
 *     tar_begin(&t, fd, e); tar_add(&t, "name", 0644, data, len, e); … tar_end(&t, e)
 *
 *     tar_check(fd, e);                       the whole file, before its content is used
 *     struct tar_member m = TAR_FIRST;
 *     while ((r = tar_next(fd, &m, e)) == 1) … m.name, m.size bytes from m.at …
 *
 * The last member is TAR_SUMS, the SHA-256 of every other one. So a truncated or changed archive is
 * recognized. Names have at most TAR_NAME_MAX bytes of A-Z a-z 0-9 . _ - and /, and no part of them
 * begins with a dot.
 */
#ifndef HORNERO_LIB_TAR_H
#define HORNERO_LIB_TAR_H

#include "lib/err.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#define TAR_SUMS "SHA256SUMS"
enum { TAR_NAME_MAX = 99, TAR_BLOCK = 512 };

struct tar_out {
	int fd;       /* borrowed */
	FILE *sums;   /* the text of TAR_SUMS so far */
	char *text;
	size_t len;
	int64_t files;
};

/* Writes at the present offset of fd. */
int tar_begin(struct tar_out *t, int fd, struct err *e);
int tar_add(struct tar_out *t, const char *name, mode_t mode, const void *data, size_t len,
	    struct err *e);
/* Adds exactly `size` bytes of `in` from offset 0. */
int tar_add_fd(struct tar_out *t, const char *name, mode_t mode, int in, int64_t size,
	       struct err *e);
/* Adds TAR_SUMS and the end of the archive. Nothing is synced. */
int tar_end(struct tar_out *t, struct err *e);
void tar_out_fini(struct tar_out *t);
#define own_tar_out __attribute__((cleanup(tar_out_fini)))

struct tar_member {
	char name[TAR_NAME_MAX + 1];
	mode_t mode;
	int64_t size, at; /* bytes, and where they begin */
	int64_t next;     /* where the next header begins */
};
#define TAR_FIRST {.next = 0}

/* Returns 1 if there is a member, 0 at the end, -1 if the archive is damaged or not ours
 * (ERR_USAGE). */
int tar_next(int fd, struct tar_member *m, struct err *e);
/* Returns 1 if found, 0 if there is none, -1 on error. */
int tar_find(int fd, const char *name, struct tar_member *m, struct err *e);
/* Reads all bytes, and compares them with TAR_SUMS. Returns 0, or -1 with e filled. */
int tar_check(int fd, struct err *e);
/* Reads a member of at most max bytes into a new buffer, terminated with NUL; the caller frees
 * *buf. */
int tar_read(int fd, const struct tar_member *m, size_t max, char **buf, struct err *e);
/* Writes the bytes of a member to `out`. */
int tar_extract(int fd, const struct tar_member *m, int out, struct err *e);

#endif
