/*
 * imagepending: an image that is bound once Glance has accepted its record: images.d/UUID.pending,
 * in the form of an image file. Only the sweep reads it: nothing is built for it.
 */
#ifndef HORNERO_CONF_IMAGEPENDING_H
#define HORNERO_CONF_IMAGEPENDING_H

#include "conf/image.h"

/* Writes the file like image_save. Fills *asked_ms with its time. */
int imagepending_save(const char *images_dir, const struct image *img, int64_t *asked_ms,
		      struct err *e);

/* Fills *asked_ms, too. Returns 1 if read, 0 if there is none, -1 on error. */
int imagepending_load(const char *images_dir, const char *uuid, struct image *out,
		      int64_t *asked_ms, struct err *e);

/* Calls each() for the UUID of each file. Stops if it returns -1. */
int imagepending_each(const char *images_dir, int (*each)(void *arg, const char *uuid), void *arg,
		      struct err *e);

/* Makes it an image file. The caller holds images_lock(). Returns 1, or 0 if it is gone or the
 * image is bound already, -1 on error. Durable on success. */
int imagepending_bind(const char *images_dir, const char *uuid, struct err *e);

/* Returns 1 if removed, 0 if there was none, -1 on error. */
int imagepending_remove(const char *images_dir, const char *uuid, struct err *e);

#endif
