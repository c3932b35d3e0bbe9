/*
 * missing: what a clone of the pushed commit would have and a checkout on the node has not: pointers of Git LFS, submodules,
 * other filter drivers (on_missing in hornero.yaml(5)). The checkout holds builds to the same (agent/sandboxed/checkout/smudge.h).
 *
 *     missing_check(&cf, c, &(struct missing_of){old, commit, subdir, skipped}, e)
 *
 * Looked at are the .gitattributes of the top directory and of those on the way to the image's, .gitmodules, and each directory
 * that differs from the ref's old commit (changed.h): small files of an ordinary push, and nothing is started. If one
 * names a filter, if a submodule is new, or if more than CHANGED_TREES_MAX directories differ, git lists the whole of the
 * image's directory, within 128 MiB and 10 s. What an older push brought and this one leaves alone is the build's to find.
 */
#ifndef HORNERO_HOOKS_MISSING_H
#define HORNERO_HOOKS_MISSING_H

#include "conf/conf.h"
#include "hooks/catfile.h"

#include <stdbool.h>

struct missing_of {
	const char *old; /* what the ref was: the oid of a commit or a tag, zeros for none */
	const char *commit, *subdir;
	bool skipped; /* the push has it not built: what is missing is named, never refused */
};

/* 0 fine, or named to the pusher; 1 refused (e says why); -1 could not be looked at (e says why). */
int missing_check(struct catfile *cf, const struct conf *c, const struct missing_of *of, struct err *e);

#endif
