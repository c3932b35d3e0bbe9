/*
 * holders: living processes that may hold one of git's files in a repository. Part of
 * state/relics.h. It reads /proc and marks, and writes no file.
 */
#ifndef HORNERO_STATE_HOLDERS_H
#define HORNERO_STATE_HOLDERS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct holder {
	pid_t pid; /* 0: in a PID namespace that is not visible from here */
	bool is_stopped;
};

/* Whether a process may hold a lock file. If so, *out is the first one found. */
bool holders_of_lock(int repo, const struct stat *lock, struct holder *out);

/* Whether a process may still receive into a quarantine, apart from the one that runs us. If so,
 * *out is the first one found. */
bool holders_of_quarantine(int repo, const struct stat *quarantine, struct holder *out);

#endif
