/* workdir: what repo_base/UUID holds of an image. All of it can be made again from the repository; see worktree.h. */
#ifndef HORNERO_AGENT_WORKDIR_H
#define HORNERO_AGENT_WORKDIR_H

#include "lib/du.h"
#include "lib/err.h"

#include <stdbool.h>

/* As du_add, of checkout and cache together. */
bool workdir_size(struct du *sum, int work);

/* Checkout and cache go, as --clean would have it. Whoever calls holds the lock of `work`, so that no build is in it. */
int workdir_clear(int work, struct err *e);

#endif
