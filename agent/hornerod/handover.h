/*
 * handover: a reload, which executes hornerod again in the same process.
 */
#ifndef HORNERO_AGENT_HORNEROD_HANDOVER_H
#define HORNERO_AGENT_HORNEROD_HANDOVER_H

#include "conf/conf.h"

struct agent;

/* Returns only if the reload is refused: -1, and nothing has changed. */
int handover(struct agent *a, struct err *e);
/* Returns the terms that both lives must agree on, which the caller frees: the version of the
 * handover, and the settings that only a start can change. */
char *handover_terms(const struct conf *c);
/* In the next life: first the lock, from the descriptor that --resume names; the rest once there is
 * a loop. */
int handover_take_lock(struct agent *a, int state, struct err *e);
int handover_take_rest(struct agent *a, struct err *e);

#endif
