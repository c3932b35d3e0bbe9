/*
 * githead: the branch that HEAD of a bare repository names, which is what a clone checks out.
 *
 *     githead_branch(repo, branch)    its name
 *     githead_has(repo, ref)          is that ref there, loose or packed?
 *     githead_set(repo, branch)       HEAD names it from now on
 *     githead_follow(repo, branch)    the same, if HEAD names no branch that is there, and this one is
 *
 * repo is the open directory. Without git: hooks ask at every push.
 */
#ifndef HORNERO_STATE_GITHEAD_H
#define HORNERO_STATE_GITHEAD_H

#include <stdbool.h>

enum { GITHEAD_MAX = 4096 };

/* False, and "", where HEAD cannot be read or is detached. */
bool githead_branch(int repo, char branch[GITHEAD_MAX]);

/* ref: a well-formed name. */
bool githead_has(int repo, const char *ref);

/* Keeps the mode and owner of the file. Leaves a HEAD that is no regular file as it is. Returns true if it was written. */
bool githead_set(int repo, const char *branch);

bool githead_follow(int repo, const char *branch);

#endif
