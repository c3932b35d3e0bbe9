/*
 * underway: which pushes are at work in a repository.
 *
 *     pre-receive:    underway_note(repo, e)
 *     post-receive:   underway_end(repo)             behind its rows, or once hornerod was told to look
 *     anybody:        underway_each(repo, fn, arg)
 *                     underway_bury(repo)            the marks of the dead go: by relics_bury() alone
 *
 * git's lock files name no owner. A receive-pack takes locks behind its pre-receive only, so each pre-receive leaves a mark of
 * its parent: an empty file, "hornero.push." with what identifies the process (lib/proc.h). Nothing in it, no fsync: after a loss of
 * power nobody lives whom it could name.
 */
#ifndef HORNERO_STATE_UNDERWAY_H
#define HORNERO_STATE_UNDERWAY_H

#include "lib/err.h"
#include "lib/proc.h"

#include <stddef.h>
#include <sys/stat.h>

enum { PUSH_MAX_S = 24 * 3600 /* a push that cannot be seen from here counts as dead once it is older */ };

/* ERR_OPERATOR where the repository cannot be written. */
int underway_note(int repo, struct err *e);
void underway_end(int repo);

struct underway {
	const char *name; /* of the mark */
	struct proc_id who;
	enum proc_life life;
	struct stat st;   /* of the mark */
};

typedef void underway_fn(void *arg, const struct underway *u);
void underway_each(int repo, underway_fn *fn, void *arg);

/* Remove the marks of the dead. Returns how many there were. */
size_t underway_bury(int repo);

#endif
