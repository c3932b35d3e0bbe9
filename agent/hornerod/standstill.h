/*
 * standstill: holds builds while the node is under pressure, or paused or drained by an operator.
 */
#ifndef HORNERO_AGENT_HORNEROD_STANDSTILL_H
#define HORNERO_AGENT_HORNEROD_STANDSTILL_H

#include <stdbool.h>

struct agent;

/* Reads the pressure of the node and what operators have paused or drained. */
void standstill_look(struct agent *a);
/* Writes why nothing starts (state/standstill.h), and freezes or thaws running builds. Call it
 * after standstill_look() and once the floors are known. */
void standstill_act(struct agent *a);
/* Whether a job of this image may begin: a job_may of the agent. */
bool standstill_allows(const void *agent, const char *image);
void standstill_stop(struct agent *a);
/* Takes over the builds that an earlier hornerod froze. */
void standstill_resume(struct agent *a);

#endif
