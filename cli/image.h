/* image: what the words that bind images share. */
#ifndef HORNERO_CLI_IMAGE_H
#define HORNERO_CLI_IMAGE_H

#include "cli/cli.h"

/* What the binding names must be there: said now, not when a build fails. Right of the key first. */
int image_check_binding(const struct cli *cli, const struct image *img, struct err *e);

#endif
