/*
 * skip: the wish that one commit of an image's ref is not built: a push with `-o skip`.
 *
 * A file SKIP_DIR/UUID with the commit's id. It stands as long as the ref does, and is void when the ref leaves that
 * commit, so nobody need take it away; `hornero rebuild` does, and so does a push that is to be built. It is beside the image
 * files, not in the database, which may be deleted: the sweep must go on agreeing.
 */
#ifndef HORNERO_STATE_SKIP_H
#define HORNERO_STATE_SKIP_H

#include "conf/image.h"
#include "lib/err.h"

#include <stdbool.h>

/* Durable on return. ERR_OPERATOR where the directory is missing (`hornero init` makes it) or not ours to write. */
int skip_set(const char *skip_dir, const char *uuid, const char *commit, struct err *e);

/* What is not there is fine, and so is what cannot be removed: the sweep then does as the file wishes. */
void skip_clear(const char *skip_dir, const char *uuid);

/* The image is not to be built at this commit. False as well for a file that says nothing, and where the image is pinned to
 * a release there: that is no build. */
bool skip_stands(const char *skip_dir, const struct image *img, const char *commit);

#endif
