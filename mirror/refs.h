/*
 * refs: two lists of branches and tags, and what has to move to make one the other. Pure.
 */
#ifndef HORNERO_MIRROR_REFS_H
#define HORNERO_MIRROR_REFS_H

#include "lib/err.h"

#include <stddef.h>

struct ref {
	const char *oid, *name;
};

/* Sorted by name, each name once. */
struct refs {
	struct ref *list;
	size_t n;
	char *text; /* holds the strings */
};

#define REFS_INIT {.list = NULL}

/* Takes lines "OID REF". Drops others, and refs that no image can follow (check_ref). text is freed
 * by refs_fini, also after an error. */
int refs_parse(struct refs *r, char *text, struct err *e);
void refs_fini(struct refs *r);
#define own_refs __attribute__((cleanup(refs_fini)))

struct move {
	const char *name;
	const char *oid; /* NULL: the ref goes */
};

/* Stores in *out, which the caller frees, what makes `ours` equal to `theirs`; borrows their
 * strings. */
int refs_compare(const struct refs *ours, const struct refs *theirs, struct move **out, size_t *n,
		 struct err *e);

#endif
