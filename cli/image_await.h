/* image_await: binds an image once Glance has accepted its record. */
#ifndef HORNERO_CLI_IMAGE_AWAIT_H
#define HORNERO_CLI_IMAGE_AWAIT_H

#include "cli/cli.h"

/* Checks the options of `image add` about Glance, and sets what they say in *img. */
int image_await_options(const struct cli *cli, const struct call *call, struct image *img,
			struct err *e);

/* Whether the image is to be bound by image_await_run(). */
static inline bool image_is_awaited(const struct image *img)
{
	return img->glance_record != IMAGE_RECORD_NONE;
}

/* Asks for the record, and waits until the image is bound: 0. Else the word's exit code, with the
 * reason on standard error, or -1. A refusal or a signal takes everything back. lock: of
 * images_dir; closed before the wait. */
int image_await_run(struct cli *cli, const struct call *call, const struct image *img, int *lock,
		    struct err *e);

#endif
