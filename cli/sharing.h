/* sharing: whether another node built the bytes of an image, or why not. */
#ifndef HORNERO_CLI_SHARING_H
#define HORNERO_CLI_SHARING_H

#include "cli/cli.h"
#include "store/warm.h"

/* w: what is warm. Prints a sentence if there is something to say. */
void sharing_say(const struct cli *cli, const char *uuid, const struct warm *w);

#endif
