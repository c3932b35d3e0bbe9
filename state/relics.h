/*
 * relics: files that processes left in a repository when they died while changing it: git's lock
 * files, and quarantines of pushes.
 *
 * Written by: git. Removed by: hornero-hook, hornero-door, hornero-sweep.
 * Read by: these three, and hornero (to explain a blocked push).
 *
 *     relics_each(repo, refs, n, fn, arg)    visits each, with the process that may need it
 *     relics_remove(repo, refs, n)           removes the dead ones
 *     relics_bury(repo) > 0                  a push died before its post-receive ended; removes its
 *                                            mark, too
 *
 * git creates REF.lock, HEAD.lock, packed-refs.lock and others with O_EXCL, and renames or removes
 * them. A lock that stays makes every later change fail. It names no owner, so it is dead only if
 * no living process can own it:
 *
 * - no living push whose mark (state/underway.h) is at least as old as the lock, in any PID
 *   namespace;
 * - no other git process of the lock's owner in the repository (its directory, GIT_DIR or
 *   --git-dir), except commands that lock nothing, such as fetches;
 * - no process at all that has the file open.
 *
 * A process that cannot be examined counts as a possible owner. In a PID namespace that does not
 * see all processes, a young lock or quarantine may belong to an invisible process, unless a dead
 * push explains the lock. Before removing anything this module takes the flock of the repository's
 * directory, so that nobody mistakes a new lock for the old one.
 */
#ifndef HORNERO_STATE_RELICS_H
#define HORNERO_STATE_RELICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct relic {
	const char *path;  /* in the repository */
	int64_t left_s;    /* wall time of its last change */
	bool is_quarantine; /* uses disk space, but blocks nothing */
	bool is_dead;
	pid_t holder;      /* process that may need it; 0 if its PID is unknown here */
	bool is_stopped;   /* the holder is stopped */
};

typedef void relics_fn(void *arg, const struct relic *r);

/* Visits what blocks a push to these refs, and quarantines; refs NULL: everything in the
 * repository. repo is its open directory. Lists only two directories if nothing is left. */
void relics_each(int repo, const char *const *refs, size_t n, relics_fn *fn, void *arg);

/* Returns the number of removed files; logs each. A file that we may not remove stays. */
size_t relics_remove(int repo, const char *const *refs, size_t n);

/* Removes everything that dead processes left in the repository, then the marks of dead pushes
 * (state/underway.h). Does nothing without such a mark. Returns the number of removed marks; if it
 * is not 0, look at the refs. */
size_t relics_bury(int repo);

/* Writes a clause for users, like "refs/heads/main.lock was left at 12:03 by a process that died".
 * Returns buf. */
enum { RELIC_WORDS = 512 };
const char *relic_words(const struct relic *r, char buf[RELIC_WORDS]);

#endif
