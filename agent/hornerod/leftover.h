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
/* Of one attempt whose supervisor did not come to its end. What cannot be removed now is, at the next
 * start. */
void leftover_clear_attempt(const struct conf *c, int64_t job, int64_t attempt);

/* leftover_groups.c: at start, if not all groups could be cleared, and why. Clears the rest; the turns try
 * again with what stays. */
int leftover_end_groups(struct agent *a, const struct err *why, struct err *e);

#endif
