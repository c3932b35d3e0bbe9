/*
 * cgdir: one control group as a directory, v1 or v2: its values, and its end. Knows no limits and no controllers.
 */
#ifndef HORNERO_AGENT_CGROUP_CGDIR_H
#define HORNERO_AGENT_CGROUP_CGDIR_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

/* value into dir/file; -1 with errno. */
int cgdir_write(const char *dir, const char *file, const char *value);

/* Of an open directory: frozen by whoever holds it or a group above. */
bool cgdir_is_frozen(int dir);

/* The number in dir/file, after `field` where the file has fields; 0 where there is none. */
int64_t cgdir_number(const char *dir, const char *file, const char *field);

/* fn for every group below dir, the innermost first, then for dir; the first -1 ends it. One that is not there is passed over. */
int cgdir_each(const char *dir, int (*fn)(const char *dir, void *arg, struct err *e), void *arg, struct err *e);

/* SIGKILL everyone in dir and below, remove the groups, dir as well. ERR_US where somebody is left at deadline_ms
 * (monotonic). Not by libcgroup, whose removal moves live processes to the root, out of every limit. */
int cgdir_end(const char *dir, int64_t deadline_ms, struct err *e);

/* The same for all groups below dir; dir stays. One that is not there is clear. */
int cgdir_clear(const char *dir, int64_t deadline_ms, struct err *e);

#endif
