/*
 * treesync: turns WORK/src into the tree of a checkout, and writes only the differences.
 *
 *     treesync_run(k, "…/WORK", &how, &done, e)
 *
 * It walks the record of src (treeindex.h) and the new tree side by side and stats every tracked
 * path: if a builder edited, replaced, removed or linked it, it is rewritten. An unchanged file
 * keeps its mtime, so builds stay incremental; a written file gets a new one. A builder's untracked
 * files stay, as with git, unless one is in the way.
 *
 * Tools that compare times miss some changes between two trees. These changes start the checkout
 * clean, cache included: a tracked path that is removed or becomes something else, a link's new
 * target, a file's new mode, an attributes file, and every path that how.when matches.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_TREESYNC_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_TREESYNC_H

#include "agent/sandboxed/checkout/checkout.h"
#include "conf/conf.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Bounds on the data that one push may make us write: repeating a tree a million times is cheap. */
enum {
	TREESYNC_DEPTH_MAX = 200,
	TREESYNC_ENTRIES_MAX = 1000000,
};
/* bytes of one file; a packed one is held in memory whole */
#define TREESYNC_FILE_MAX (UINT64_C(1) << 30)
#define TREESYNC_BYTES_MAX (UINT64_C(16) << 30) /* bytes written in one run */

struct treesync_how {
	bool clean;              /* remove src and the builder's cache first */
	enum conf_missing on_missing;
	/* ends with NULL; patterns (pathglob.h) of paths whose change starts the checkout clean,
	 * too */
	const char *const *when;
};

struct treesync_done {
	uint64_t written, kept; /* files and links */
	bool clean;             /* src and cache were empty before */
	/* the change that made it clean, one printable line ("Makefile changed"), else "" */
	char why[256];
};

/* Returns 0, or -1 on error: ERR_PUSHER names the path that cannot be a file. If it dies half-way,
 * the next run starts clean. Nothing is made durable (worktree.h). */
int treesync_run(struct checkout *k, const char *work, const struct treesync_how *how,
		 struct treesync_done *out, struct err *e);

#endif
