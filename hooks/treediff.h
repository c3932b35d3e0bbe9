/*
 * treediff: finds the directories of an image that differ between a ref's old commit and its new
 * one.
 *
 *     int got = treediff_look(&cf, old, commit, subdir, &look, arg, e);
 *     int look(void *arg, const char *dir, bool module, struct err *e);
 *
 * Calls look once for each directory that differs and has a .gitattributes, and once for each
 * submodule that is new or has moved. It does not enter directories that are equal in both commits,
 * so a push costs two small files for each directory that it changes. hooks/loose.h reads the
 * trees. For packed trees it asks git, if this push has started git already, as a large one has.
 * For a small push it does not start git: a packed tree existed before the push, so it is skipped.
 */
#ifndef HORNERO_HOOKS_TREEDIFF_H
#define HORNERO_HOOKS_TREEDIFF_H

#include "hooks/catfile.h"
#include "lib/err.h"

#include <stdbool.h>

enum {
	TREEDIFF_TREES_MAX = 256, /* trees to read for one image */
	TREEDIFF_MANY = 2,
};

/* old is a commit, a tag, or zeros if there is none. Returns 0 if all was seen, 1 if look returned
 * 1 (which ends the walk), TREEDIFF_MANY if more differs than this reads, -1 if look failed or git
 * could not answer. */
int treediff_look(struct catfile *cf, const char *old, const char *commit, const char *subdir,
		  int (*look)(void *arg, const char *dir, bool module, struct err *e), void *arg,
		  struct err *e);

#endif
