/*
 * cgown: on cgroup v2, the delegated group in which this process was started (OURS). Its processes
 * move to OURS/agent, because a group with members cannot have controllers below it.
 */
#ifndef HORNERO_AGENT_CGROUP_CGOWN_H
#define HORNERO_AGENT_CGROUP_CGOWN_H

#include "lib/err.h"

#include <stdbool.h>

/* Finds OURS of a process, 0 for this one: relative to the mount point, "" for the root, without a
 * trailing "/agent" that we created. The caller frees *out. */
int cgown_find(long pid, char **out, struct err *e);

/* Returns whether dir, an absolute path, is delegated to us, by systemd or by its owner. */
bool cgown_is_delegated(const char *dir);

/* Moves this process to OURS/agent, then enables controllers below OURS (absolute). Returns 0, or
 * -1 with ERR_OPERATOR if cpu, memory or pids is unavailable. */
int cgown_settle(const char *ours, struct err *e);

#endif
