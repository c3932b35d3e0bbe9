/*
 * foreign_stall: how long processes other than hornero's waited for processors, memory or disks
 * (units: lib/stall.h).
 *
 * The kernel counts a stall in the cgroup v2 group of the waiting process and in its parents, even
 * if the controllers are on v1 (systemd's hybrid hierarchy). The node's total is of no use: it
 * includes builds that wait at their own limits.
 */
#ifndef HORNERO_AGENT_HORNEROD_FOREIGN_STALL_H
#define HORNERO_AGENT_HORNEROD_FOREIGN_STALL_H

/* Returns the highest figure of all top-level groups except hornero's own: the group of this
 * process, and `top`. `name` is as for stall_percent. Returns -1 if unavailable: also
 * if this process has no group of its own, or the node has no cgroup v2. */
double foreign_stall(const char *top, const char *name);

#endif
