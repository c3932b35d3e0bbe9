/*
 * images: loads the image files that may belong to one repository, without parsing all the others.
 *
 * A node may have hundreds of images and a push concerns one or two; parsing a file costs several
 * times as much as reading it. A file that does not contain the repository's name cannot bind it,
 * unless the name is written with YAML escapes or in another encoding. So files with a backslash, a
 * NUL or a byte above 0x7f are parsed, too.
 */
#ifndef HORNERO_HOOKS_IMAGES_H
#define HORNERO_HOOKS_IMAGES_H

#include "conf/image.h"
#include "lib/err.h"

#include <stddef.h>

/* The list is sorted by UUID and freed by images_free. It may hold images of other repositories; it
 * holds no broken files. */
int images_near(const char *images_dir, const char *repo, struct image **out, size_t *n,
		struct err *e);

#endif
