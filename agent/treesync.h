/*
 * treesync: WORK/src becomes the tree of a checkout, by writing only what changed.
 *
 *     treesync_run(k, "…/WORK", clean, &done, e)
 *
 * The tree that src holds and the new one are walked side by side; where ids are equal nothing is
 * read, stat'ed or touched, so an unchanged file keeps its mtime and a build stays incremental.
 * Files that a builder left beside ours stay, as with git; where one stands in the way it is replaced.
 */
#ifndef HORNERO_AGENT_TREESYNC_H
#define HORNERO_AGENT_TREESYNC_H

#include "agent/checkout.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Bounds on what a push may make us write: a tree is cheap to repeat a million times. */
enum {
	TREESYNC_DEPTH_MAX = 200,
	TREESYNC_ENTRIES_MAX = 1000000,
};
#define TREESYNC_FILE_MAX (UINT64_C(1) << 30)   /* bytes of one file; a packed one is held in memory whole */
#define TREESYNC_BYTES_MAX (UINT64_C(16) << 30) /* bytes written in one run */

struct treesync_done {
	uint64_t written, removed, kept; /* files and links */
};

/* clean: remove src and the builder's cache first. ERR_PUSHER names the path that cannot be a file. Dying
 * half-way leaves a WORK that the next run starts from nothing; nothing is made durable (worktree.h). */
int treesync_run(struct checkout *k, const char *work, bool clean, struct treesync_done *out, struct err *e);

#endif
