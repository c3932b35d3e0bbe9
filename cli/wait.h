/* wait: for the end of a job, for other words as well. */
#ifndef HORNERO_CLI_WAIT_H
#define HORNERO_CLI_WAIT_H

#include "cli/cli.h"

/* The value of --timeout, NULL for never, as a monotonic time. ERR_USAGE. */
int wait_deadline(const char *seconds, int64_t *deadline_ms, struct err *e);

/* As `hornero wait JOB`: its exit code, with a sentence said; -1. */
int wait_for_job(struct cli *cli, int64_t id, int64_t deadline_ms, struct err *e);

#endif
