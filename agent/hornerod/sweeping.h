/*
 * sweeping: hornero-sweep, -keep, -collect and -scrub as children, one of each at a time.
 */
#ifndef HORNERO_AGENT_HORNEROD_SWEEPING_H
#define HORNERO_AGENT_HORNEROD_SWEEPING_H

struct agent;

void sweeping_start(struct agent *a);
void keeping_start(struct agent *a);
void collecting_start(struct agent *a);
/* Starts hornero-scrub if a pass is configured and due; sets next_scrub_ms. */
void scrubbing_start(struct agent *a);
/* Kills all four, and the sweep of looking.c. */
void sweeping_stop(struct agent *a);

#endif
