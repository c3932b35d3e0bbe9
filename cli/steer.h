/* steer: shared by the words that queue or end a job. */
#ifndef HORNERO_CLI_STEER_H
#define HORNERO_CLI_STEER_H

#include "cli/cli.h"
#include "db/job.h"

/* Prints the result of a request to queue a job: "job 42 queued; …". */
void steer_say_receipt(const struct job_receipt *r);

/* Cancels the open jobs of an image that was removed: an operator would have to look at them. Says
 * nothing if the queue cannot be used; the jobs are held then. */
void steer_end_of_image(struct cli *cli, const char *uuid);

#endif
