/* blocked: what a dead or stopped process left in the way of pushes to an image's ref (state/relics.h). */
#ifndef HORNERO_CLI_BLOCKED_H
#define HORNERO_CLI_BLOCKED_H

#include "cli/cli.h"
#include "conf/image.h"

#include <stdbool.h>

enum { BLOCKED_MAX = 800, BLOCKED_YOUNG_S = 2 };

/* A clause that names the file, and what removes it. False: nothing is in the way. */
bool cli_blocked(const struct cli *cli, const struct image *img, char buf[BLOCKED_MAX]);

#endif
