/* wanted: what each image should have warm, what it has, and why they differ. */
#ifndef HORNERO_CLI_WANTED_H
#define HORNERO_CLI_WANTED_H

#include "cli/cli.h"

/* Prints `hornero image list --wanted` for these images. */
int wanted_list(struct cli *cli, const struct image *list, size_t n, struct err *e);

#endif
