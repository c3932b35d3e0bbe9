/*
 * githead: the branch that HEAD of a bare repository names, which a clone checks out.
 *
 * Written by: hornero-hook, hornero-door and hornero (`image add`), and by git.
 * Read by: hornero-hook, hornero-door, and git.
 *
 *     githead_branch(repo, branch)    gets its name
 *     githead_has(repo, ref)          whether that ref exists, loose or packed
 *     githead_set(repo, branch)       makes HEAD name that branch
 *     githead_follow(repo, branch)    likewise, if HEAD's branch is missing and this one exists
 *
 * repo is the open directory. This module does not run git, because hooks use it at every push.
 */
#ifndef HORNERO_STATE_GITHEAD_H
#define HORNERO_STATE_GITHEAD_H

#include <stdbool.h>

enum { GITHEAD_MAX = 4096 };

/* Returns false and "" if HEAD is detached or cannot be read. */
bool githead_branch(int repo, char branch[GITHEAD_MAX]);

/* ref must be well-formed. */
bool githead_has(int repo, const char *ref);

/* Keeps the mode and owner of the file. Does not change a HEAD that is not a regular file. Returns
 * true if HEAD was written. */
bool githead_set(int repo, const char *branch);

bool githead_follow(int repo, const char *branch);

#endif
