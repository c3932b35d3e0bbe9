/* outcome: what a job came to, in one sentence and one exit code. Pure. */
#ifndef HORNERO_CLI_OUTCOME_H
#define HORNERO_CLI_OUTCOME_H

#include "db/job.h"
#include "state/standstill.h"

#include <stddef.h>

/* 0 published; 1 failed, superseded or cancelled; 75 somebody must act, or an instance must go: it is held, paused by a person,
 * drained, or deferred; -1 it still moves, or waits for what ends by itself: a back-off, pressure, room on a disk, Nova's lock, a
 * publication that is tried again. s: what stops it (cli_standstill). The sentence has no full stop, text from outside
 * is not escaped yet. */
int outcome_of(const struct job *j, const struct standstill *s, char *buf, size_t size);

/* What it waits for now, as far as that is known; "": nothing. Borrowed. */
const char *outcome_waits(const struct job *j, const struct standstill *s);

#endif
