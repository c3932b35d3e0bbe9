/*
 * others: what those who are not hornero's had to wait for the processor, memory or disks
 * (lib/stall.h says what a figure is).
 *
 * A stall is noted in the cgroup v2 group of whoever waits and in those above it, also where the
 * controllers are on v1 (systemd's hybrid hierarchy), and nowhere else: the node's own figure has
 * builds in it that press against their limit.
 */
#ifndef HORNERO_AGENT_HORNEROD_OTHERS_H
#define HORNERO_AGENT_HORNEROD_OTHERS_H

/* The most of all groups at the top of the hierarchy but those that are hornero's: the one that
 * this process is in, and top. name as stall_percent has it. -1: not to be had; also where this
 * process is in no group of its own, or the node has no v2. */
double others_stall(const char *top, const char *name);

#endif
