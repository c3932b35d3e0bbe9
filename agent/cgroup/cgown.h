/*
 * cgown: on cgroup v2, the delegated group that this process was started in (OURS). Its members go to OURS/agent:
 * a group with members cannot have controllers below.
 */
#ifndef HORNERO_AGENT_CGROUP_CGOWN_H
#define HORNERO_AGENT_CGROUP_CGOWN_H

#include "lib/err.h"

#include <stdbool.h>

/* OURS below the mount point, fresh, "" for the root; a trailing "/agent" that we made is dropped. */
int cgown_find(char **out, struct err *e);

/* Whether systemd (or whoever owns it) gave dir, an absolute path, to us. */
bool cgown_is_delegated(const char *dir);

/* Move into OURS/agent, then let OURS (absolute) hand controllers down. ERR_OPERATOR: cpu, memory or pids cannot be had. */
int cgown_settle(const char *ours, struct err *e);

#endif
