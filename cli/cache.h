/* cache: what the word `cache` consists of. */
#ifndef HORNERO_CLI_CACHE_H
#define HORNERO_CLI_CACHE_H

#include "cli/cli.h"

/* `hornero cache --verify`. Returns the exit code: 0 all whole, 1 something was changed; or -1 on error. */
int cache_verify(struct cli *cli, const struct conf *c, struct err *e);

#endif
