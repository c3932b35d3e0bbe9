/*
 * cgdir: one control group as a directory, v1 or v2: its values, and its removal. It knows neither
 * limits nor controllers.
 */
#ifndef HORNERO_AGENT_CGROUP_CGDIR_H
#define HORNERO_AGENT_CGROUP_CGDIR_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Writes value to dir/file. Returns 0, or -1 with errno. */
int cgdir_write(const char *dir, const char *file, const char *value);

/* Returns whether the group of the open directory is frozen, itself or by a group above. */
bool cgdir_is_frozen(int dir);

/* Returns the number in dir/file, after `field` if the file has fields; 0 if there is none. */
int64_t cgdir_number(const char *dir, const char *file, const char *field);

/* Calls fn for every group below dir, innermost first, then for dir. Stops at the first -1. Skips
 * missing groups. */
int cgdir_each(const char *dir, int (*fn)(const char *dir, void *arg, struct err *e), void *arg,
	       struct err *e);

/* Kills all processes in dir and below, and removes the groups, including dir. Returns 0, or -1
 * with ERR_US if a process is left at deadline_ms (monotonic). We do not use libcgroup here: its
 * removal moves live processes to the root, out of every limit. */
int cgdir_end(const char *dir, int64_t deadline_ms, struct err *e);

/* The same for all groups below dir; dir stays. Returns 0 if dir does not exist. */
int cgdir_clear(const char *dir, int64_t deadline_ms, struct err *e);

#endif
