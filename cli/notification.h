/* notification: what the programs of events_dir were told of an image. */
#ifndef HORNERO_CLI_NOTIFICATION_H
#define HORNERO_CLI_NOTIFICATION_H

#include "cli/cli.h"
#include "store/notified.h"

enum { NOTIFICATION_TEXT = 900 };

/* Writes one sentence about the image's last publication, or "" if none is to be told. Callers
 * escape it. Returns its state, or -1 on error. */
int notification_words(const struct cli *cli, const struct image *img, char buf[NOTIFICATION_TEXT],
		       struct err *e);

#endif
