/* diff: how a job differs from the last good build of its image before it. */
#ifndef HORNERO_CLI_DIFF_H
#define HORNERO_CLI_DIFF_H

#include "cli/cli.h"

#include <jansson.h>

/* Prints it, or sets it as the member "diff" of object: null if there is no such build. Returns 0,
 * or -1 on error. */
int diff_print(struct cli *cli, struct db *db, const struct job *j, json_t *object, struct err *e);

#endif
