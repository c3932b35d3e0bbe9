/*
 * treescan: finds one entry's mode and id in a git tree object that arrives in pieces. Pure.
 *
 *     struct treescan t;
 *     treescan_init(&t, ".hornero.yaml", 20);
 *     while (… more of the tree …)
 *             treescan_feed(&t, buf, n);
 *     if (t.mode == 0) … the tree has no such entry …
 *
 * A tree repeats `MODE NAME NUL OID`, with the object id in raw bytes. `git cat-file --batch` does
 * not print modes, and it calls a symbolic link a blob.
 */
#ifndef HORNERO_HOOKS_TREESCAN_H
#define HORNERO_HOOKS_TREESCAN_H

#include <stdbool.h>
#include <stddef.h>

struct treescan {
	const char *name; /* borrowed */
	size_t oid_size;  /* raw bytes: 20 or 32 */
	unsigned int mode; /* of the entry; 0 until it is found */
	unsigned char oid[32]; /* of the entry, raw */

	/* position inside the current entry */
	enum { TREESCAN_MODE, TREESCAN_NAME, TREESCAN_OID } at;
	unsigned int this_mode;
	size_t done;  /* bytes of the name or the id */
	bool matches; /* so far the name matches; after the name: this is the entry */
};

void treescan_init(struct treescan *t, const char *name, size_t oid_size);
void treescan_feed(struct treescan *t, const char *data, size_t len);

#endif
