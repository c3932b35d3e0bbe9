/*
 * stuck: the processes that hang (stopped, or in the kernel), as hornerod sees them now, one per
 * line of RUN_DIR/stuck.
 *
 * Written by: hornerod.
 * Read by: hornero (`why`, `doctor`).
 *
 * Without the file there are none. It is only a hint, and ends with hornerod.
 */
#ifndef HORNERO_STATE_STUCK_H
#define HORNERO_STATE_STUCK_H

#include "lib/err.h"
#include "lib/uuid.h"

#include <stdbool.h>

enum { STUCK_LINE = 640, STUCK_TEXT = 8192 };

/* Adds one line to text[STUCK_TEXT], unless it does not fit. image NULL: the process may block
 * every image. */
void stuck_add(char *text, const char *image, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes the file; removes it if text is "". */
int stuck_write(const char *run_dir, const char *text, struct err *e);

/* Calls fn for each sentence about image or about all images; image NULL: for every sentence. */
void stuck_each(const char *run_dir, const char *image, void (*fn)(void *arg, const char *sentence),
		void *arg);

/* Whether the process that holds the queue is stopped, so that nobody can write a job. If so,
 * stores a sentence about it in buf. */
bool stuck_holder(const char *queue_dir, char buf[STUCK_LINE]);

#endif
