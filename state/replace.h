/*
 * replace: the operator's word that one very file in Nova's cache, which is not hornero's, may be replaced by what an
 * image is built to: images.d/UUID.replace, written by `hornero image add --replace`.
 *
 * It names the file by inode, birth, size and time of its last change of bytes, so no other file is ever meant by it.
 * The publisher obeys it under Nova's lock and removes it; so does hornerod once the publication is recorded.
 */
#ifndef HORNERO_STATE_REPLACE_H
#define HORNERO_STATE_REPLACE_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* born_ns as fs_born_ns() has it, 0 where the filesystem does not say. Durable on return. */
int replace_permit(const char *images_dir, const char *uuid, const struct stat *st, int64_t born_ns, struct err *e);

/* Does a permission stand for this very file? */
bool replace_permits(const char *images_dir, const char *uuid, const struct stat *st, int64_t born_ns);

void replace_clear(const char *images_dir, const char *uuid);

#endif
