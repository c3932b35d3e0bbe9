/*
 * looking: repositories whose refs a hook could not write to the queue, and the hornero-sweep that
 * looks at some of them.
 */
#ifndef HORNERO_AGENT_HORNEROD_LOOKING_H
#define HORNERO_AGENT_HORNEROD_LOOKING_H

#include "agent/hornerod/upkeep.h"
#include "lib/bell.h"

#include <stddef.h>

enum { LOOKS_MAX = 32 };
struct looks {
	struct upkeep sweep;
	char repos[LOOKS_MAX][BELL_REPO_MAX + 1];
	size_t n;                  /* of repos */
	size_t at_work;            /* the first so many: the sweep looks at these */
	int64_t next_ms;           /* monotonic: next sweep not before */
};

/* A hook could not queue this repository's refs; "": it could not say which. */
void looking_add(struct agent *a, const char *repo);
void looking_start(struct agent *a);
/* Returns the ms until looking_start has something to do. */
int64_t looking_in_ms(const struct agent *a);

#endif
