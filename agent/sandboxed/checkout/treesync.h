/*
 * treesync: WORK/src becomes the tree of a checkout, by writing only what is not there.
 *
 *     treesync_run(k, "…/WORK", &how, &done, e)
 *
 * The record of what src holds (treeindex.h) and the new tree are walked side by side, and every tracked path is stat'ed:
 * what a builder edited, replaced, removed or linked is written anew. An unchanged file keeps its mtime and a build stays
 * incremental; what is written has a new one. Files that a builder left beside ours stay, as with git; where one stands in
 * the way it is replaced.
 *
 * Some changes between two trees cannot be left to a tool that compares times, and start the checkout clean, cache
 * included: a tracked path that is gone or became something else, a link's new target, a file's new mode, an attributes
 * file, and whatever how.when matches.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_TREESYNC_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_TREESYNC_H

#include "agent/sandboxed/checkout/checkout.h"
#include "conf/conf.h"
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

struct treesync_how {
	bool clean;              /* remove src and the builder's cache first */
	enum conf_missing on_missing;
	const char *const *when; /* patterns (pathglob.h) of paths whose change does that, too; ends with NULL */
};

struct treesync_done {
	uint64_t written, kept; /* files and links */
	bool clean;             /* src and cache were empty before */
	char why[256];          /* one printable line where a change made it so ("Makefile changed"), else "" */
};

/* ERR_PUSHER names the path that cannot be a file. Dying half-way leaves a WORK that the next run starts clean; nothing
 * is made durable (worktree.h). */
int treesync_run(struct checkout *k, const char *work, const struct treesync_how *how, struct treesync_done *out,
		 struct err *e);

#endif
