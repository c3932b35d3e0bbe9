/* checkout_inner: shared by the files of checkout. */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_CHECKOUT_INNER_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_CHECKOUT_INNER_H

#include "agent/sandboxed/checkout/checkout.h"

#include <git2.h>

struct checkout {
	git_repository *repo;
	/* the same objects without the repository's configuration and info/attributes; NULL until
	 * needed */
	git_repository *plain;
	git_odb *odb;
	git_oid commit;
	git_tree *tree;
	char *subdir; /* of tree, in the repository */
	char *inside; /* of the image, in tree; NULL: tree is the image's directory */
	/* "REF:SUBDIR", for messages: the directory's name in the sandbox means nothing to
	 * readers */
	char *where;
	char commit_hex[CHECKOUT_HEX + 1];
	char tree_hex[CHECKOUT_HEX + 1];
	char above[CHECKOUT_HEX + 1]; /* checkout_above() */
};

/* checkout_fail.c: converts libgit2's last error to ours. Always returns -1. */
int checkout_fail(struct err *e, const char *what, const char *name);

/* checkout_attributes.c: fills k->above. */
int checkout_look_above(struct checkout *k, const git_tree *root, struct err *e);

#endif
