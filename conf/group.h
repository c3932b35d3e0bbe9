/*
 * group: limits of a builder group. The operator writes one file `groups.d/NAME.yaml` per group.
 *
 *     core_limit: 5             percent of the node's CPU capacity, for all builds of the group
 *     mem_limit: 1000           MB of 1,000,000 bytes, likewise
 *     pids_limit: 1000          processes and threads, likewise
 *     attempt_core_limit: 2     the same three for one attempt
 *     attempt_mem_limit: 500
 *     attempt_pids_limit: 200
 *     workers: 1                builds of the group that may run at the same time
 *
 * Limits nest: attempts within their group, groups within compile_core_limit, compile_mem_limit and
 * compile_pids_limit of hornero.yaml. An unset limit is that of the level above.
 */
#ifndef HORNERO_CONF_GROUP_H
#define HORNERO_CONF_GROUP_H

#include "conf/setting.h"
#include "lib/err.h"

#include <stdint.h>

/* 0: the limit of the level above. */
struct limits {
	int64_t core_percent; /* 1 … 100, of all processors */
	int64_t mem_mb;       /* 1,000,000 bytes */
	int64_t pids;
};

struct group {
	struct limits all;     /* for all its builds together */
	struct limits attempt; /* for each build */
	int64_t workers;       /* builds at a time; 0: as many as the node has workers */
};

/* Loads the limits of group `name`; without a file, no limits of its own. Returns 0, or -1 with
 * ERR_OPERATOR and FILE:LINE:COLUMN. */
int group_load(const char *groups_dir, const char *name, struct group *out, struct err *e);

/* Returns the narrower of each pair. */
struct limits limits_within(struct limits inner, struct limits outer);

/* The settings, for the manual and messages. */
extern const struct settings group_settings;

#endif
