/*
 * worktree: writing an image's checkout beneath its directory WORK, without libgit2.
 *
 *     WORK/src     the checkout; the builder writes there too, and may leave anything
 *     WORK/cache   the builder's own, kept
 *     WORK/tree    the record of what src holds (treeindex.h); only there while src is whole
 *
 *     worktree_open(&w, "…/WORK", e)
 *     src = worktree_begin(&w, clean, e)    the record is gone: dying from here on means "start clean"
 *     … worktree_enter, worktree_file, worktree_link, worktree_remove beneath src …
 *     worktree_close(&w)
 *
 * Every name is one component, resolved by openat2 beneath its directory without following a link;
 * whatever a builder put in its place is replaced. Modes are exact under umask 022, which main sets.
 *
 * Nothing is made durable: the record carries the boot's id, and after a reboot the checkout starts
 * clean, because what the builder left beside our files and in its cache was not durable either (an
 * empty object file with a new mtime is "up to date").
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_WORKTREE_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_WORKTREE_H

#include "lib/err.h"

#include <stdbool.h>

struct worktree {
	int dir;
	char boot[37]; /* "" where the kernel does not say: then no record is trusted */
};

/* WORK must be there. Every other function takes what this one filled. */
int worktree_open(struct worktree *w, const char *path, struct err *e);
void worktree_close(struct worktree *w);

/* Remove the record, and where `clean` says so src and cache; make src and cache. Returns
 * src's descriptor, the caller's. */
int worktree_begin(struct worktree *w, bool clean, struct err *e);

/* The directory `name` of dir, made where it is missing or something else stands there. Its mode becomes 0755
 * again. Descriptor or -1. */
int worktree_enter(int dir, const char *name, struct err *e);

/* A new empty file in place of whatever is there, 0644 or 0755. Descriptor or -1. */
int worktree_file(int dir, const char *name, bool executable, struct err *e);

/* A symbolic link in place of whatever is there. The target is data: nothing of ours follows it. */
int worktree_link(int dir, const char *name, const char *target, struct err *e);

/* Remove a file or link, or whatever a builder put there; not being there is fine. */
int worktree_remove(int dir, const char *name, struct err *e);

#endif
