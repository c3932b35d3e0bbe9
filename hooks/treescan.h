/*
 * treescan: one entry's mode and id out of a Git tree object, fed in pieces. Pure.
 *
 *     struct treescan t;
 *     treescan_init(&t, ".hornero.yaml", 20);
 *     while (… more of the tree …)
 *             treescan_feed(&t, buf, n);
 *     if (t.mode == 0) … the tree has no such entry …
 *
 * A tree is `MODE NAME NUL OID` again and again, the object id in raw bytes. `git cat-file --batch`
 * tells no mode, and a symbolic link is a blob to it.
 */
#ifndef HORNERO_HOOKS_TREESCAN_H
#define HORNERO_HOOKS_TREESCAN_H

#include <stdbool.h>
#include <stddef.h>

struct treescan {
	const char *name; /* borrowed */
	size_t oid_size;  /* raw bytes: 20 or 32 */
	unsigned int mode; /* of the entry, once it was seen; 0 before */
	unsigned char oid[32]; /* of the entry, raw */

	/* where in an entry we are */
	enum { TREESCAN_MODE, TREESCAN_NAME, TREESCAN_OID } at;
	unsigned int this_mode;
	size_t done;  /* bytes of the name or the id */
	bool matches; /* the name so far, then: this entry is the one */
};

void treescan_init(struct treescan *t, const char *name, size_t oid_size);
void treescan_feed(struct treescan *t, const char *data, size_t len);

#endif
