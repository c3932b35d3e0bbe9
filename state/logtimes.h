/*
 * logtimes: when the lines of an attempt's log were written, in JOB.ATTEMPT.times beside the log.
 *
 * Written by: hornero-build. Removed by: hornero-collect.
 * Read by: hornero (`log --since`).
 *
 * Each line of it is "OFFSET MS": the line of the log that begins at byte OFFSET grew at MS of the
 * wall clock. There is at most one a second. What was written within a second of it has no other.
 */
#ifndef HORNERO_STATE_LOGTIMES_H
#define HORNERO_STATE_LOGTIMES_H

#include "lib/steady.h"

#include <stddef.h>
#include <stdint.h>

enum { LOGTIMES_STEP_MS = 1000 };

struct logtimes {
	int fd;            /* -1: times are not kept */
	int64_t begin;     /* of the log's last line */
	int64_t size;      /* of the log */
	int64_t noted_ms;  /* boot clock; 0: never */
};

#define LOGTIMES_NONE {.fd = -1}

/* Call before LEN bytes are appended to the log. */
void logtimes_note(struct logtimes *t, const char *data, size_t len);

/* Finds the first line of the log LOG (its path, whether it is compressed or not) that was written
 * at since_ms of the present wall clock or later, at most LOGTIMES_STEP_MS earlier. Returns 1 with
 * its offset; 0 if there is none; -1 with errno if the log has no times. */
int logtimes_find(const char *log, const struct steady *clock, int64_t since_ms, int64_t *offset);

#endif
