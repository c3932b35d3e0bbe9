/*
 * holders: living processes that may hold a file of git's in a repository. Part of state/relics.h.
 */
#ifndef HORNERO_STATE_HOLDERS_H
#define HORNERO_STATE_HOLDERS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct holder {
	pid_t pid; /* 0: in a PID namespace that cannot be seen from here */
	bool is_stopped;
};

/* Of a lock file. */
bool holders_of_lock(int repo, const struct stat *lock, struct holder *out);

/* Of a quarantine: any process that receives something there, but for the one that executes us. */
bool holders_of_quarantine(int repo, const struct stat *quarantine, struct holder *out);

#endif
