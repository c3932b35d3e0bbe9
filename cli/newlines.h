/*
 * newlines: the lines of a build log that an earlier log lacks. Numbers do not count, since times,
 * sizes and process ids differ in each build.
 */
#ifndef HORNERO_CLI_NEWLINES_H
#define HORNERO_CLI_NEWLINES_H

#include "lib/err.h"

#include <stddef.h>

enum { NEWLINES_MOST = 50, NEWLINES_LOG_MAX = 8 << 20 };

/* The last NEWLINES_MOST of them; freed by newlines_fini. */
struct newlines {
	char *text;      /* of the log */
	const char *line[NEWLINES_MOST]; /* a ring, NUL-terminated; the oldest is at n % MOST */
	size_t n;        /* found, also those that were dropped */
};

/* Compares the last NEWLINES_LOG_MAX bytes of the logs. Returns 1, 0 if one of them is missing, -1
 * on error. */
int newlines_find(struct newlines *found, const char *earlier, const char *log, struct err *e);
void newlines_fini(struct newlines *found);

/* Returns the i-th line, from 0; NULL at the end. */
const char *newlines_at(const struct newlines *found, size_t i);

#endif
