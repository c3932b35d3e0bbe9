/* cache: the parts of `hornero cache`. */
#ifndef HORNERO_CLI_CACHE_H
#define HORNERO_CLI_CACHE_H

#include "cli/cli.h"

/* Runs `hornero cache --verify`.
 * Returns the exit code: 0 if every file is whole, 1 if one was changed, -1 on error. */
int cache_verify(struct cli *cli, const struct conf *c, struct err *e);

/* cache_used.c: disk space of our files there, as cache_budget counts it; -1: unknown. */
int64_t cache_used_bytes(const struct conf *c);

#endif
