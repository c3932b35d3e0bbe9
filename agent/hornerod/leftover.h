/*
 * leftover: what those who were killed left on disk, and in groups that do not get empty.
 */
#ifndef HORNERO_AGENT_HORNEROD_LEFTOVER_H
#define HORNERO_AGENT_HORNEROD_LEFTOVER_H

#include "conf/conf.h"

#include <stdint.h>

struct agent;

/* At start: of everybody in an earlier life. */
int leftover_clear(const struct conf *c, struct err *e);
/* Removes the leftovers of one attempt whose supervisor ended early. The next start removes the
 * rest. */
void leftover_clear_attempt(const struct conf *c, int64_t job, int64_t attempt);

/* leftover_groups.c: at start, if not all groups could be cleared, and why. Clears the rest; the
 * turns try again with what stays. */
int leftover_end_groups(struct agent *a, const struct err *why, struct err *e);

#endif
