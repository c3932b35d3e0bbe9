/*
 * replace: the operator's permission to replace one foreign file in Nova's cache by the build of an
 * image, in images.d/UUID.replace.
 *
 * Written by: hornero (`image add --replace`). Removed by: hornero-publish, hornerod, hornero
 * (`image remove`).
 * Read by: hornero-publish, hornerod.
 *
 * It identifies the file by inode, birth, size and last change of content, so it never applies to
 * another file. The publisher checks it under Nova's lock and removes it; hornerod removes it once
 * the publication is recorded.
 */
#ifndef HORNERO_STATE_REPLACE_H
#define HORNERO_STATE_REPLACE_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* born_ns comes from fs_born_ns(). Durable on success. Returns 0, or -1 with e filled. */
int replace_permit(const char *images_dir, const char *uuid, const struct stat *st, int64_t born_ns,
		   struct err *e);

/* Whether a permission exists for exactly this file. */
bool replace_permits(const char *images_dir, const char *uuid, const struct stat *st,
		     int64_t born_ns);

void replace_clear(const char *images_dir, const char *uuid);

#endif
