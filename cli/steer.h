/* steer: shared by the words that queue a job. */
#ifndef HORNERO_CLI_STEER_H
#define HORNERO_CLI_STEER_H

#include "db/job.h"

/* Prints the result of a request to queue a job: "job 42 queued; …". */
void steer_say_receipt(const struct job_receipt *r);

#endif
