/* outcome: what a job came to, in one sentence and one exit code. Pure. */
#ifndef HORNERO_CLI_OUTCOME_H
#define HORNERO_CLI_OUTCOME_H

#include "db/job.h"

#include <stddef.h>

/* 0 published; 1 failed, superseded or cancelled; 75 held, deferred or paused: somebody must act or an instance must
 * go; -1 it still moves. standstill: what stops it (cli_standstill), or "". The sentence has no full stop, text from outside is
 * not escaped yet. */
int outcome_of(const struct job *j, const char *standstill, char *buf, size_t size);

/* Whether what a built job waits for ends by itself (Nova's lock), other than an instance that stands on
 * the old bytes or a full disk. */
bool outcome_is_brief(const char *waiting_for);

#endif
