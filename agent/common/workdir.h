/*
 * workdir: what repo_base/UUID holds of an image. All of it can be made again from the repository; see worktree.h.
 *
 *     WORK/src, cache, tree   worktree.h
 *     WORK/source             what they were last built with and for whom (key_source); hornero-build writes it, and no
 *                             sandbox of a builder sees it. Where it says otherwise, or is not there, a build starts from
 *                             nothing: what others, or another compiler, left is nothing to build upon
 */
#ifndef HORNERO_AGENT_COMMON_WORKDIR_H
#define HORNERO_AGENT_COMMON_WORKDIR_H

#include "lib/du.h"
#include "lib/err.h"

#include <stdbool.h>

/* A confirmation's directory is repo_base/UUID.confirm, beside the image's own, which stays for the next push. */
#define WORKDIR_CONFIRM ".confirm"

/* As du_add, of checkout and cache together. */
bool workdir_size(struct du *sum, int work);

/* Are the leftovers of this source? */
bool workdir_is_of(int work, const char *source);
/* From now on they are; NULL: of none. */
int workdir_note_source(int work, const char *source, struct err *e);

/* Checkout and cache go, as --clean would have it. Whoever calls holds the lock of `work`, so that no build is in it. */
int workdir_clear(int work, struct err *e);

/* DIR/UUID becomes DIR/left.UUID.N, for hornero-collect: what is in it may be written still, by somebody whom nobody can end. The next
 * build makes a new one. 0 also where there is none. */
int workdir_set_aside(const char *dir, const char *uuid, struct err *e);

/* Whether that is the name of one that was set aside. */
bool workdir_is_aside(const char *name);

#endif
