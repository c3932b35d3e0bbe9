/*
 * escaped: copies a build log to standard output, safe for a terminal.
 */
#ifndef HORNERO_CLI_ESCAPED_H
#define HORNERO_CLI_ESCAPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { ESCAPED_CHUNK = 65536 };

/* Zeros are a valid beginning. */
struct escaped {
	size_t kept;       /* bytes of an incomplete character */
	bool open_line;    /* the last output did not end with a newline */
	int64_t said_ms;   /* monotonic time of the last output */
	char in[ESCAPED_CHUNK];
	char out[4 * ESCAPED_CHUNK + 1];
};

/* Reads from fd once and writes that. Returns the number of bytes read, 0 at the end of the file,
 * -1 with errno. */
ssize_t escaped_copy(struct escaped *x, int fd);

/* The same with the bytes that get() stores, which returns as read(2). */
ssize_t escaped_take(struct escaped *x, ssize_t (*get)(void *arg, char *buf, size_t size),
		     void *arg);

/* Ends the output: an incomplete character, and an open line. Flushes standard output. */
void escaped_end(struct escaped *x);

#endif
