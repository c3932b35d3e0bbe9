/*
 * peel: the commit that a pushed ref means.
 *
 *     if (peel_commit(&cf, line, commit, e) == 0) … commit …
 *
 * git tells a hook the object that the ref names. That of an annotated tag is the tag, but builds, listings, skips and the
 * sweep speak of commits: whoever writes down a pushed id peels it first.
 */
#ifndef HORNERO_HOOKS_PEEL_H
#define HORNERO_HOOKS_PEEL_H

#include "hooks/catfile.h"
#include "hooks/refline.h"

/* Returns 0 with the commit, 1 if the ref leads to no commit (ERR_PUSHER), -1 if git could not be asked. A branch costs
 * nothing: git lets nothing but commits in there. cf is started only if the short way does not know. */
int peel_commit(struct catfile *cf, const struct refline *r, char commit[65], struct err *e);

#endif
