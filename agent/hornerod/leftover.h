/*
 * leftover: what killed processes left on disk, and in groups that do not become empty.
 */
#ifndef HORNERO_AGENT_HORNEROD_LEFTOVER_H
#define HORNERO_AGENT_HORNEROD_LEFTOVER_H

#include "conf/conf.h"

#include <stdint.h>

struct agent;

/* At a start: clears the leftovers of all earlier lives. */
int leftover_clear(const struct conf *c, struct err *e);
/* Removes the leftovers of one attempt whose processes ended early. image: its UUID, or "-" if that
 * is unknown. The next start removes the rest. */
void leftover_clear_attempt(const struct conf *c, int64_t job, int64_t attempt, const char *image);

/* leftover_groups.c: called at a start if not all groups could be cleared; `why` is that error.
 * Clears the others. Turns retry the rest. */
int leftover_end_groups(struct agent *a, const struct err *why, struct err *e);

#endif
