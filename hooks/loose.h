/*
 * loose: reads pushed files without git. A small push arrives as loose objects: each is a zlib
 * stream of "TYPE SIZE", a NUL and the content (gitrepository-layout(5)).
 *
 *     if (loose_find(commit, subdir, name, max, &found) == 0)
 *             … ask git: catfile_read() …
 *
 * Starting git costs 1.6 ms of a push's 25 ms, this costs 0.1. It reads loose objects in the
 * quarantine and in objects/ only. For packs, alternates and anything unusual its answer is "ask
 * git".
 */
#ifndef HORNERO_HOOKS_LOOSE_H
#define HORNERO_HOOKS_LOOSE_H

#include "hooks/found.h"

/* Reads commit:subdir/name (subdir "" for the root). The working directory must be the bare
 * repository. Returns 1 if answered, 0 if the caller must ask git. */
int loose_find(const char *commit, const char *subdir, const char *name, size_t max,
	       struct found *out);

/* Reads the tree oid, or with subdir ("" for the root) that directory's tree in the commit oid.
 * Returns 1 if answered (the caller frees *out), 0 if the caller must ask git. */
int loose_tree(const char *oid, const char *subdir, char **out, size_t *len);

/* Follows the tags of oid to an object (oid itself if it is no tag) and its type. Returns 1 if
 * answered, 0 if the caller must ask git. */
int loose_peel(const char *oid, char out[65], char type[16]);

#endif
