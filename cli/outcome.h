/* outcome: what a job came to, as one exit code. Pure. cli/why.h has the sentence. */
#ifndef HORNERO_CLI_OUTCOME_H
#define HORNERO_CLI_OUTCOME_H

#include "db/job.h"
#include "state/standstill.h"

/* s: what stops the job (cli_standstill). Returns
 *   0 if the job is published,
 *   1 if it failed or was superseded or cancelled,
 *  75 if someone must act: it is held, or waits for something that does not end by itself,
 *  -1 if it still moves, or waits for something that ends by itself (state/waiting.h). */
int outcome_code(const struct job *j, const struct standstill *s);

/* Returns what the job waits for now, if known, otherwise "". Borrowed. */
const char *outcome_waits(const struct job *j, const struct standstill *s);

#endif
