/*
 * pausing: what stands still while the node is under pressure, or because an operator wants so.
 */
#ifndef HORNERO_AGENT_HORNEROD_PAUSING_H
#define HORNERO_AGENT_HORNEROD_PAUSING_H

#include <stdbool.h>

struct agent;

/* What the pressure and operators demand; */
void pausing_look(struct agent *a);
/* then, once the floors are known, tell why nothing starts (state/standstill.h), and freeze and thaw what
 * runs. */
void pausing_act(struct agent *a);
/* Whether a job of this image may begin: a job_may of the agent. */
bool pausing_lets(const void *agent, const char *image);
void pausing_stop(struct agent *a);
/* What an earlier life froze is frozen still. */
void pausing_resume(struct agent *a);

#endif
