/*
 * loose: the short way to a pushed file: a small push arrives as loose objects, each a zlib stream of
 * "TYPE SIZE", a NUL and the content (gitrepository-layout(5), gitformat-pack is never needed).
 *
 *     if (loose_find(commit, subdir, name, max, &found) == 0)
 *             … ask git: catfile_read() …
 *
 * Starting git costs 1.6 ms of a push's 25, and this 0.1. It knows loose objects in the quarantine and in
 * objects/ and nothing else: for a pack, an alternate or anything odd it answers "ask git".
 */
#ifndef HORNERO_HOOKS_LOOSE_H
#define HORNERO_HOOKS_LOOSE_H

#include "hooks/found.h"

/* commit:subdir/name (subdir "" for the root), run in the bare repository. 1 answered, 0 ask git. */
int loose_find(const char *commit, const char *subdir, const char *name, size_t max, struct found *out);

/* A tree's bytes: oid's own, or with subdir ("" for the root) that of the commit oid. 1 answered (*out is the caller's to free),
 * 0 ask git. */
int loose_tree(const char *oid, const char *subdir, char **out, size_t *len);

/* The object that the tags of oid lead to (oid itself if it is no tag), and its type. 1 answered, 0 ask git. */
int loose_peel(const char *oid, char out[65], char type[16]);

#endif
