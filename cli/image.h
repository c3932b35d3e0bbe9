/* image: shared by the words that bind images. */
#ifndef HORNERO_CLI_IMAGE_H
#define HORNERO_CLI_IMAGE_H

#include "cli/cli.h"

/* Checks the key's right, then that the repository and the builder of the binding exist, so that
 * the user learns of it now and not from a failed build. Returns 0 or -1. */
int image_check_binding(const struct cli *cli, const struct image *img, struct err *e);

#endif
