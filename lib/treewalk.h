/*
 * treewalk: visits a file, or everything below a directory, in an order that depends on the names
 * alone.
 *
 * `path` itself may be a symbolic link. Below it, none is followed. Other filesystems that are
 * mounted below it belong to the tree, because a recursive bind mount shows them. Anything but
 * files, directories and symbolic links is refused.
 */
#ifndef HORNERO_LIB_TREEWALK_H
#define HORNERO_LIB_TREEWALK_H

#include "lib/err.h"

#include <stddef.h>
#include <sys/stat.h>

enum { TREE_ENTRIES_MAX = 500000, TREE_DEPTH_MAX = 200 };

struct tree_entry {
	const char *path;   /* whole path, for messages and records */
	const char *inside; /* below the tree; "" is the tree itself */
	const char *target; /* of a symbolic link, else NULL */
	const struct stat *st;
	int dir;            /* to open it: openat(dir, name), without following a link */
	const char *name;
};

/* Called once for each entry, a directory before its content. Returns 0, or -1 with e filled to end
 * the walk. */
typedef int tree_each(void *arg, const struct tree_entry *entry, struct err *e);

/* Returns 0, or -1 with e filled: ERR_OPERATOR if the tree cannot be read or is refused, ERR_NOBODY
 * if it changes meanwhile. */
int tree_walk(const char *path, tree_each *each, void *arg, struct err *e);

#endif
