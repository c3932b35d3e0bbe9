/*
 * underway: which pushes are at work in a repository.
 *
 * Written by: hornero-hook. Removed by: hornero-hook, hornero-door, hornero-sweep (the last two
 * with relics_bury).
 * Read by: hornero-hook, hornero-door, hornero-sweep, hornero.
 *
 *     pre-receive:    underway_note(repo, e)
 *     post-receive:   underway_end(repo)          after its rows, or once hornerod was told to look
 *     any program:    underway_each(repo, fn, arg)
 *                     underway_bury(repo)         removes marks of the dead; only for relics_bury()
 *
 * git's lock files name no owner. receive-pack takes locks only after its pre-receive, so each
 * pre-receive leaves a mark of its parent: an empty file "hornero.push." plus the process's
 * identity (lib/proc.h). It is not synced: after a power loss none of the processes lives.
 */
#ifndef HORNERO_STATE_UNDERWAY_H
#define HORNERO_STATE_UNDERWAY_H

#include "lib/err.h"
#include "lib/proc.h"

#include <stddef.h>
#include <sys/stat.h>

enum { PUSH_MAX_S = 24 * 3600 /* age from which an invisible push counts as dead */ };

/* Returns 0, or -1 with e filled: ERR_OPERATOR if the repository is not writable, ERR_NOBODY if the
 * receiving process is gone. */
int underway_note(int repo, struct err *e);
void underway_end(int repo);

struct underway {
	const char *name; /* the mark's file name */
	struct proc_id who;
	enum proc_life life;
	struct stat st;   /* the mark's stat */
};

typedef void underway_fn(void *arg, const struct underway *u);
void underway_each(int repo, underway_fn *fn, void *arg);

/* Removes the marks of dead pushes. Returns their number. */
size_t underway_bury(int repo);

#endif
