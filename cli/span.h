/* span: durations, and the ones that a given part of them does not exceed. */
#ifndef HORNERO_CLI_SPAN_H
#define HORNERO_CLI_SPAN_H

#include <stddef.h>
#include <stdint.h>

struct span {
	int64_t *ms;
	size_t n, room;
};

void span_add(struct span *s, int64_t ms);

/* Returns the value that this many percent do not exceed, 0 if there are none. Sorts s. */
int64_t span_percentile(struct span *s, int percent);

void span_fini(struct span *s);

#endif
