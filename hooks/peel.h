/*
 * peel: finds the commit of a pushed ref.
 *
 *     if (peel_commit(&cf, line, commit, e) == 0) … commit …
 *
 * git tells a hook the object that the ref names. For an annotated tag that is the tag, but builds,
 * listings, skips and the sweep all use commits: peel a pushed id before you record it.
 */
#ifndef HORNERO_HOOKS_PEEL_H
#define HORNERO_HOOKS_PEEL_H

#include "hooks/catfile.h"
#include "hooks/refline.h"

/* Returns 0 with the commit, 1 if the ref leads to no commit (ERR_PUSHER), -1 if git could not
 * answer. Branches cost nothing: git allows only commits there. Starts cf only if loose.h cannot
 * answer. */
int peel_commit(struct catfile *cf, const struct refline *r, char commit[65], struct err *e);

#endif
