/*
 * missing: what a clone of the pushed commit would have and a checkout on the node has not: pointers of Git LFS, submodules,
 * other filter drivers (on_missing in hornero.yaml(5)). The checkout holds builds to the same (agent/smudge.h).
 *
 *     missing_check(&cf, c, commit, subdir, e)
 *
 * Most pushes cost two look-ups: without a .gitattributes that names a filter, in the top directory or one on the way to the
 * image's, and without .gitmodules, nothing is started. An attributes file that lies deeper is the build's to find.
 */
#ifndef HORNERO_HOOKS_MISSING_H
#define HORNERO_HOOKS_MISSING_H

#include "conf/conf.h"
#include "hooks/catfile.h"

/* 0 fine, or named to the pusher; 1 refused (e says why); -1 could not be looked at (e says why). */
int missing_check(struct catfile *cf, const struct conf *c, const char *commit, const char *subdir, struct err *e);

#endif
