/*
 * images: the image files that may be of one repository, without parsing all the others.
 *
 * A node may have hundreds of images and a push concerns one or two; parsing a file costs several times what
 * reading it does. A file that does not hold the repository's name cannot bind it, unless the name is spelled
 * by YAML's escapes or in another encoding: what holds a backslash, a NUL or a byte above 0x7f is parsed.
 */
#ifndef HORNERO_HOOKS_IMAGES_H
#define HORNERO_HOOKS_IMAGES_H

#include "conf/image.h"
#include "lib/err.h"

#include <stddef.h>

/* Sorted by UUID; freed by images_free. May hold images of other repositories; broken files are left out. */
int images_near(const char *images_dir, const char *repo, struct image **out, size_t *n, struct err *e);

#endif
