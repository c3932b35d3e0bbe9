/* expected: the position of a job in the queue, and when it begins and ends, for users. */
#ifndef HORNERO_CLI_EXPECTED_H
#define HORNERO_CLI_EXPECTED_H

#include "cli/cli.h"
#include "db/job.h"

struct expected {
	int64_t position;           /* 1: the next; 0: not ready, or the key does not see all */
	int64_t begins_ms, ends_ms; /* 0: unknown */
	int64_t progress;           /* percent of a running one, 1 to 99; 0: unknown */
};

/* j comes from job_each_open() or job_foresee(). Nothing has a time while nothing is built. */
void expected_of(const struct cli *cli, const struct job *j, bool is_built, struct expected *out);

enum { EXPECTED_WORDS = 128 };
/* "3rd, starts in 2 min", "40 %, ends in 20 s"; "" if nothing is known. */
const char *expected_words(const struct expected *x, int64_t now_ms, char buf[EXPECTED_WORDS]);

/* A sentence about a queued job for `hornero why`; "" if nothing is known. */
const char *expected_sentence(const struct expected *x, int64_t now_ms,
			      char buf[2 * EXPECTED_WORDS]);

#endif
