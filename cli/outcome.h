/* outcome: what a job came to, in one sentence and one exit code. Pure. */
#ifndef HORNERO_CLI_OUTCOME_H
#define HORNERO_CLI_OUTCOME_H

#include "db/job.h"
#include "state/standstill.h"

#include <stddef.h>

/* Puts one sentence into buf, without a full stop; text from outside is not escaped yet. s: what
 * stops the job (cli_standstill). Returns
 *   0 if the job is published,
 *   1 if it failed or was superseded or cancelled,
 *  75 if someone must act: it is held, or waits for something that does not end by itself,
 *  -1 if it still moves, or waits for something that ends by itself (state/waiting.h). */
int outcome_of(const struct job *j, const struct standstill *s, char *buf, size_t size);

/* Returns what the job waits for now, if known, otherwise "". Borrowed. */
const char *outcome_waits(const struct job *j, const struct standstill *s);

#endif
