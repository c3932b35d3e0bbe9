/* base: brings the bytes of a base image from a URL or a file. */
#ifndef HORNERO_CLI_BASE_H
#define HORNERO_CLI_BASE_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/spawn.h"

#include <stdbool.h>
#include <stdint.h>

struct base_source {
	const char *from; /* as typed */
	int fd;           /* the bytes: a file, or a pipe from curl */
	bool is_url;
	struct child curl;
	int errors;       /* what curl says */
};

/* Whether it is fetched by curl. A file:// URL is a file. */
bool base_is_url(const char *from);

/* Opens the file, with the caller's rights. Returns 0, or -1 with e filled. */
int base_open(struct base_source *s, const char *from, struct err *e);

/* Starts curl, which must have no other rights than our effective ones. */
int base_fetch(struct base_source *s, const char *from, int64_t max_bytes, struct err *e);

/* Copies all bytes to `out` and shows how many on a terminal. More than max_bytes are an error.
 * Returns 0, or -1 with e filled. The source is closed in both cases. */
int base_copy(struct base_source *s, int out, int64_t max_bytes, char digest[SHA256_HEX + 1],
	      int64_t *size, struct err *e);

#endif
