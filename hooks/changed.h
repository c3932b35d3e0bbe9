/*
 * changed: which directories of the image differ between the ref's old commit and its new one, and what stands in them.
 *
 *     int got = changed_look(&cf, old, commit, subdir, &look, arg, e);
 *     int look(void *arg, const char *dir, bool module, struct err *e);
 *
 * look is called once for each directory that differs and has a .gitattributes, and for each submodule that is new or has
 * moved. Directories that are the same in both are not entered, so that a push costs two small files for each directory that it
 * changes. Trees are read by hooks/loose.h; git is asked for those in packs if it has been started for this push already, as it
 * has for a large one. For a small push it is not started: a packed tree was there before, and is passed over.
 */
#ifndef HORNERO_HOOKS_CHANGED_H
#define HORNERO_HOOKS_CHANGED_H

#include "hooks/catfile.h"
#include "lib/err.h"

#include <stdbool.h>

enum {
	CHANGED_TREES_MAX = 256, /* trees that are read for one image */
	CHANGED_MANY = 2,
};

/* old: zeros where there is none, or a tag or commit. 0 all seen; 1 look returned 1, which ends it; CHANGED_MANY: more differs
 * than is looked at here; -1 as of look, or git could not be asked. */
int changed_look(struct catfile *cf, const char *old, const char *commit, const char *subdir,
		 int (*look)(void *arg, const char *dir, bool module, struct err *e), void *arg, struct err *e);

#endif
