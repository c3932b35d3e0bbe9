/* steer: what the words that queue a job share. */
#ifndef HORNERO_CLI_STEER_H
#define HORNERO_CLI_STEER_H

#include "db/job.h"

/* "job 42 queued; …": what became of a wish. */
void steer_say_receipt(const struct job_receipt *r);

#endif
