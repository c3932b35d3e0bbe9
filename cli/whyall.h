/* whyall: `hornero why` without an argument: all that keeps images from being warm. */
#ifndef HORNERO_CLI_WHYALL_H
#define HORNERO_CLI_WHYALL_H

#include "cli/cli.h"

/* Prints it. Returns 0 if nothing keeps any image from being warm, 1 if something does, -1 on
 * error. */
int why_all(struct cli *cli, struct err *e);

#endif
