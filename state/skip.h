/*
 * skip: the request not to build one commit of an image's ref, from a push with `-o skip`.
 *
 * Written by: hornero-hook (post-receive). Removed by: hornero-hook, hornero (`retry`, `rebuild`,
 * `image remove`).
 * Read by: hornero-sweep, hornero (`why`, `wait`).
 *
 * The file SKIP_DIR/UUID contains the commit's id. It applies while the ref is at that commit and
 * is void afterwards, so nobody has to remove it. A later push that is to be built removes it, too.
 * It is not in the database, which may be deleted: the sweep must still respect it.
 */
#ifndef HORNERO_STATE_SKIP_H
#define HORNERO_STATE_SKIP_H

#include "conf/image.h"
#include "lib/err.h"

#include <stdbool.h>

/* Durable on success. Returns 0, or -1 with e filled: ERR_OPERATOR if the directory is missing
 * (`hornero init` creates it) or not writable. */
int skip_set(const char *skip_dir, const char *uuid, const char *commit, struct err *e);

/* Removes the request. Ignores errors: if the file stays, the sweep respects it. */
void skip_clear(const char *skip_dir, const char *uuid);

/* Whether the image must not be built at this commit. Returns false for an empty file, and if the
 * image is pinned to a release at this commit: that is not a build. */
bool skip_stands(const char *skip_dir, const struct image *img, const char *commit);

#endif
