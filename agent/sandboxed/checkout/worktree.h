/*
 * worktree: writes an image's checkout beneath its directory WORK, without libgit2.
 *
 *     WORK/src     the checkout; the builder writes here too, and may leave anything
 *     WORK/cache   belongs to the builder; kept
 *     WORK/core    what the disk of a kernel keeps for the next one; a clean checkout removes it
 *     WORK/tree    the record of src (treeindex.h); exists only while src is complete
 *
 *     worktree_open(&w, "…/WORK", e)
 *     src = worktree_begin(&w, clean, e)    removes the record: a crash now means "start clean"
 *     … worktree_enter, worktree_file, worktree_link, worktree_remove beneath src …
 *     worktree_close(&w)
 *
 * Every name is one component, resolved by openat2 beneath its directory without following links.
 * Anything that a builder put in its place is replaced. Modes are exact under umask 022, which main
 * sets.
 *
 * Nothing is made durable. The record holds the boot id, and after a reboot the checkout starts
 * clean, because the builder's own files were not durable either (an empty object file with a new
 * mtime would look up to date).
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_WORKTREE_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_WORKTREE_H

#include "lib/err.h"

#include <stdbool.h>

struct worktree {
	int dir;
	char boot[37]; /* "" if unknown: then no record is trusted */
};

/* The file in which the disk of a kernel keeps the image of GRUB (agent/common/workdir.h). */
#define WORKTREE_CORE "core"

/* WORK must exist. */
int worktree_open(struct worktree *w, const char *path, struct err *e);
void worktree_close(struct worktree *w);

/* Removes the record and, if clean, src, cache and core; then creates src and cache. Returns src's
 * descriptor, which the caller closes, or -1 on error. */
int worktree_begin(struct worktree *w, bool clean, struct err *e);

/* Opens the directory `name` of dir with mode 0755; creates it if it is missing and replaces
 * anything else of that name. Returns the descriptor, or -1 on error. */
int worktree_enter(int dir, const char *name, struct err *e);

/* Creates an empty file, 0644 or 0755, and replaces anything of that name. Returns the descriptor,
 * or -1 on error. */
int worktree_file(int dir, const char *name, bool executable, struct err *e);

/* Creates a symbolic link and replaces anything of that name. We never follow the target. */
int worktree_link(int dir, const char *name, const char *target, struct err *e);

/* Removes a file, a link or anything else that a builder left. A missing name is no error. */
int worktree_remove(int dir, const char *name, struct err *e);

#endif
