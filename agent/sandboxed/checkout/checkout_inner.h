/* checkout_inner: what the files of checkout share. */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_CHECKOUT_INNER_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_CHECKOUT_INNER_H

#include "agent/sandboxed/checkout/checkout.h"

#include <git2.h>

struct checkout {
	git_repository *repo;
	git_repository *plain; /* the same objects without the repository's configuration and info/attributes; NULL till needed */
	git_odb *odb;
	git_oid commit;
	git_tree *tree;
	char *subdir;
	char *where; /* "REF:SUBDIR", for messages: the directory's name is the sandbox's, and tells nobody anything */
	char commit_hex[CHECKOUT_HEX + 1];
	char tree_hex[CHECKOUT_HEX + 1];
	char above[CHECKOUT_HEX + 1]; /* checkout_above() */
};

/* checkout_fail.c: what libgit2 says, as ours. Always -1. */
int checkout_fail(struct err *e, const char *what, const char *name);

/* checkout_attributes.c: fill k->above. */
int checkout_look_above(struct checkout *k, const git_tree *root, struct err *e);

#endif
