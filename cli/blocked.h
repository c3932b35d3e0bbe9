/* blocked: lock files that block pushes to an image's ref (state/relics.h). */
#ifndef HORNERO_CLI_BLOCKED_H
#define HORNERO_CLI_BLOCKED_H

#include "cli/cli.h"
#include "conf/image.h"

#include <stdbool.h>

enum { BLOCKED_MAX = 800, BLOCKED_YOUNG_S = 2 };

/* Writes to buf a clause that names the first such file and says what removes it or what it stops.
 * Returns false, with buf "", if nothing blocks pushes. */
bool cli_blocked(const struct cli *cli, const struct image *img, char buf[BLOCKED_MAX]);

#endif
