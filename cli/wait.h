/* wait: waits for the end of a job; other words use it too. */
#ifndef HORNERO_CLI_WAIT_H
#define HORNERO_CLI_WAIT_H

#include "cli/cli.h"

/* Converts the value of --timeout (NULL: never) to a monotonic time.
 * Returns 0, or -1 with ERR_USAGE. */
int wait_deadline(const char *seconds, int64_t *deadline_ms, struct err *e);

/* Waits like `hornero wait JOB` and prints its sentence. Returns its exit code, or -1 on error. */
int wait_for_job(struct cli *cli, int64_t id, int64_t deadline_ms, struct err *e);

#endif
