/*
 * logtimes: when the lines of an attempt's log were written, in JOB.ATTEMPT.times beside the log.
 *
 * Written by: hornero-build. Removed by: hornero-collect.
 * Read by: hornero (`log --since`).
 *
 * Each line of it is "OFFSET MS": the line of the log that begins at byte OFFSET grew at MS of the
 * wall clock. There is at most one a second: it also stands for the lines of the second after it.
 * A log that grew for less than a second has no file: most are so, and the log's own time will do.
 */
#ifndef HORNERO_STATE_LOGTIMES_H
#define HORNERO_STATE_LOGTIMES_H

#include "lib/steady.h"

#include <stddef.h>
#include <stdint.h>

enum { LOGTIMES_STEP_MS = 1000 };

struct logtimes {
	char *path;       /* NULL: times are not kept */
	int fd;           /* -1 as long as there is no file */
	int64_t begin;    /* of the log's last line */
	int64_t size;     /* of the log */
	int64_t first_ms; /* wall clock of its first line; 0: none yet */
	int64_t noted_ms; /* boot clock */
};

#define LOGTIMES_NONE {.fd = -1}

/* LOG: the path of the log, which is empty. */
void logtimes_init(struct logtimes *t, const char *log);
void logtimes_fini(struct logtimes *t);

/* Call before LEN bytes are appended to the log. */
void logtimes_note(struct logtimes *t, const char *data, size_t len);

/* Finds the first line of the log LOG (its path, whether it is compressed or not) that was written
 * at since_ms of the present wall clock or later, at most LOGTIMES_STEP_MS earlier. Returns 1 with
 * its offset; 0 if there is none; -1 with errno if there are no times. */
int logtimes_find(const char *log, const struct steady *clock, int64_t since_ms, int64_t *offset);

#endif
