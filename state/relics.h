/*
 * relics: what processes left in a repository that died while they changed it: git's lock files, and quarantines of pushes.
 *
 *     relics_each(repo, refs, n, fn, arg)    each one, with the process that may still need it
 *     relics_remove(repo, refs, n)           the dead ones go
 *     relics_bury(repo) > 0                  a push died before its post-receive had ended, and its mark goes, too
 *
 * git creates REF.lock, HEAD.lock, packed-refs.lock and others with O_EXCL, and renames or removes them. One that stays makes every
 * later change fail. It names no owner, so it is dead if no living process can be its owner:
 *
 *   - no push whose mark (state/underway.h) is as old as the lock, in whatever PID namespace;
 *   - no other git process of the user who made it in the repository (its directory, GIT_DIR or --git-dir), but for those that
 *     lock nothing, as fetches;
 *   - no process at all that has the file open.
 *
 * A process that cannot be looked at counts as one that may be the owner. From within a PID namespace that does not see all, a
 * young lock or quarantine may be of somebody unseen, but for a lock that a dead push explains. The remover holds the flock of
 * the repository's directory, so that nobody takes a new lock for the old one.
 */
#ifndef HORNERO_STATE_RELICS_H
#define HORNERO_STATE_RELICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct relic {
	const char *path;  /* in the repository */
	int64_t left_s;    /* wall: when it was last changed */
	bool is_quarantine; /* takes room, but blocks nobody */
	bool is_dead;
	pid_t holder;      /* who may need it; 0 where its number cannot be known here */
	bool is_stopped;   /* the holder does not run */
};

typedef void relics_fn(void *arg, const struct relic *r);

/* What a push to these refs meets, and quarantines; refs NULL: all of the repository. repo: its open directory. Costs a listing of
 * two directories if nothing is left. */
void relics_each(int repo, const char *const *refs, size_t n, relics_fn *fn, void *arg);

/* Returns how many were removed; each is logged. What we may not remove stays. */
size_t relics_remove(int repo, const char *const *refs, size_t n);

/* Marks of dead pushes go (state/underway.h), and before them whatever else of the dead is in the repository. Returns how many marks
 * there were: look at the refs. */
size_t relics_bury(int repo);

/* "refs/heads/main.lock was left at 12:03 by a process that died": a clause for people. */
enum { RELIC_WORDS = 512 };
const char *relic_words(const struct relic *r, char buf[RELIC_WORDS]);

#endif
