/*
 * worktree: writing an image's checkout beneath its directory WORK, without libgit2.
 *
 *     WORK/src     the checkout; the builder writes there too, and may leave anything
 *     WORK/cache   the builder's own, kept
 *     WORK/tree    what src holds; only there while src is whole
 *
 *     worktree_open(&w, "…/WORK", e)
 *     if (!worktree_state(&w, &state)) …start from nothing…
 *     src = worktree_begin(&w, from, &fresh, e)     the state is gone: dying from here on means "from nothing"
 *     … worktree_enter, worktree_file, worktree_link, worktree_remove beneath src …
 *     worktree_end(&w, &state, e)           the state is back
 *     worktree_close(&w)
 *
 * Every name is one component, resolved by openat2 beneath its directory without following a link;
 * whatever a builder put in its place is replaced. Modes are exact under umask 022, which main sets.
 *
 * Nothing is made durable: the state carries the boot's id, and after a reboot the checkout starts
 * from nothing, because what the builder left beside our files was not durable either (an empty
 * object file with a new mtime is "up to date").
 */
#ifndef HORNERO_AGENT_WORKTREE_H
#define HORNERO_AGENT_WORKTREE_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { WORKTREE_OID_MAX = 64 };

struct worktree {
	int dir;
	char boot[37]; /* "" where the kernel does not say: then no state is trusted */
};

struct worktree_state {
	char tree[WORKTREE_OID_MAX + 1]; /* object id of the tree that src holds */
	uint64_t files;                  /* its files and links */
};

enum worktree_from {
	WORKTREE_FROM_STATE,   /* change what is there */
	WORKTREE_FROM_NOTHING, /* remove src first */
	WORKTREE_FROM_CLEAN,   /* remove src and cache first */
};

/* WORK must be there. Every other function takes what this one filled. */
int worktree_open(struct worktree *w, const char *path, struct err *e);
void worktree_close(struct worktree *w);

/* What src holds; false where nothing there may be relied on. */
bool worktree_state(const struct worktree *w, struct worktree_state *out);

/* Remove the state, then what `from` says; make src (*fresh: it was not there) and cache. Returns src's
 * descriptor, the caller's. */
int worktree_begin(struct worktree *w, enum worktree_from from, bool *fresh, struct err *e);
int worktree_end(struct worktree *w, const struct worktree_state *state, struct err *e);

/* The directory `name` of dir, made where it is missing or something else stands there (*fresh: it
 * holds nothing of what was checked out before), and open to its owner. Descriptor or -1. */
int worktree_enter(int dir, const char *name, bool *fresh, struct err *e);

/* A new empty file in place of whatever is there, 0644 or 0755. Descriptor or -1. */
int worktree_file(int dir, const char *name, bool executable, struct err *e);

/* A symbolic link in place of whatever is there. The target is data: nothing of ours follows it. */
int worktree_link(int dir, const char *name, const char *target, struct err *e);

/* Remove a file or link, or whatever a builder put there; not being there is fine. */
int worktree_remove(int dir, const char *name, struct err *e);

/* Remove a directory if nothing is left in it: a builder's files beside ours stay, as with git. */
int worktree_remove_empty(int dir, const char *name, struct err *e);

#endif
