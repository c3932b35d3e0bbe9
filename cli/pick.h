/*
 * pick: prints only some lines of a log, made safe for a terminal: those with a text, and of these
 * the last ones.
 *
 *     struct pick p = {.text = "error", .last = 10};
 *     pick_seek(&p, &file);
 *     while (pick_copy(&p, &file) > 0)
 *             ;
 *     pick_end(&p);
 *
 * A line of more than PICK_LINE bytes counts as several.
 */
#ifndef HORNERO_CLI_PICK_H
#define HORNERO_CLI_PICK_H

#include "cli/logfile.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PICK_LINE = 8192, PICK_CHUNK = 65536 };

struct pick {
	const char *text; /* the lines that have it, in any case; NULL: all */
	int64_t last;     /* of those that pick_seek finds, the last ones; 0: all */
	int64_t skip;     /* matching lines that are not printed */
	int64_t printed;
	size_t n;         /* bytes of an incomplete line */
	char line[PICK_LINE];
	char out[4 * PICK_LINE + 2];
	char in[PICK_CHUNK];
};

/* Reads the log once to find how many lines to skip, and goes back to its beginning. Returns 0, or
 * -1 with errno. */
int pick_seek(struct pick *p, struct logfile *file);

/* Reads from the log once and prints what matches. Returns the number of bytes read, 0 at the end
 * of the file, -1 with errno. */
ssize_t pick_copy(struct pick *p, struct logfile *file);

/* Prints a line without an end, if it matches. */
void pick_end(struct pick *p);

#endif
