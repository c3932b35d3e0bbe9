/*
 * missing: finds files that a clone of the pushed commit would have and a checkout on the node
 * lacks: the targets of Git LFS pointers, submodules, the output of other filter drivers
 * (on_missing in hornero.yaml(5)). The checkout applies the same rules to builds
 * (agent/sandboxed/checkout/smudge.h).
 *
 *     missing_check(&cf, c, &(struct missing_of){old, commit, subdir, skipped}, e)
 *
 * It reads .gitmodules, the .gitattributes from the top directory down to the image's, and each
 * directory that differs from the ref's old commit (treediff.h). For an ordinary push these are
 * small files and no process is started. If one of them names a filter, if a submodule is new, or
 * if more than TREEDIFF_TREES_MAX directories differ, git lists the whole of the image's directory,
 * within 128 MiB and 10 s. Files that an older push brought and this one does not change are left
 * to the build.
 */
#ifndef HORNERO_HOOKS_MISSING_H
#define HORNERO_HOOKS_MISSING_H

#include "conf/conf.h"
#include "hooks/catfile.h"

#include <stdbool.h>

struct missing_of {
	const char *old; /* the ref's old value: the oid of a commit or a tag, or zeros */
	const char *commit, *subdir;
	bool skipped; /* the push skips the build: name missing files, but never refuse */
};

/* Returns 0 if nothing is missing or the pusher was told, 1 if the push is refused, -1 if the check
 * failed. e holds the reason for 1 and -1. */
int missing_check(struct catfile *cf, const struct conf *c, const struct missing_of *of,
		  struct err *e);

#endif
