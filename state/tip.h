/*
 * tip: the commit of a branch, read without git: a start of git takes longer than the look.
 *
 * Written by: git.
 * Read by: hornerod, hornero-build and hornero (`wait`).
 */
#ifndef HORNERO_STATE_TIP_H
#define HORNERO_STATE_TIP_H

#include <stdbool.h>

/* Reads the commit of a branch that is a loose ref of repo_root/repo.git: a file with just an
 * object id. Returns false in all other cases (packed refs, tags, other kinds of repositories),
 * which are left to git. The object itself may be missing. */
bool tip_read(const char *repo_root, const char *repo, const char *ref, char commit[65]);

#endif
