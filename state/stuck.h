/*
 * stuck: the processes that neither work nor end, as hornerod sees them now: RUN_DIR/stuck, a line each, read by those who explain.
 * No file: there are none. Only a hint; it goes with the agent.
 */
#ifndef HORNERO_STATE_STUCK_H
#define HORNERO_STATE_STUCK_H

#include "lib/err.h"
#include "lib/uuid.h"

#include <stdbool.h>

enum { STUCK_LINE = 640, STUCK_TEXT = 8192 };

/* One more line of text[STUCK_TEXT]; what does not fit is left out. image NULL: it may keep every image waiting. */
void stuck_add(char *text, const char *image, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* text "": there are none. */
int stuck_write(const char *run_dir, const char *text, struct err *e);

/* fn for each sentence about image, and about all; image NULL: for each at all. */
void stuck_each(const char *run_dir, const char *image, void (*fn)(void *arg, const char *sentence), void *arg);

/* Whether whoever holds the queue is stopped, so that nobody else can write a job: the sentence into buf. */
bool stuck_holder(const char *queue_dir, char buf[STUCK_LINE]);

#endif
