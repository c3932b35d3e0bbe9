/*
 * sweeping: hornero-sweep, -keep, -collect and -scrub as children, one of each at a time.
 */
#ifndef HORNERO_AGENT_HORNEROD_SWEEPING_H
#define HORNERO_AGENT_HORNEROD_SWEEPING_H

struct agent;

void sweeping_start(struct agent *a);
void keeping_start(struct agent *a);
void collecting_start(struct agent *a);
/* If a pass is wished and due; next_scrub_ms says when to ask again. */
void scrubbing_start(struct agent *a);
/* Kills all four, and that of looking.c. */
void sweeping_stop(struct agent *a);

#endif
