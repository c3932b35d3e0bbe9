/*
 * current: tells which releases of an image are current: the newest one in the cache, if the image
 * wants releases, and the one that it is pinned to. A current release is kept warm like the image's
 * own name; all others are history.
 */
#ifndef HORNERO_AGENT_COMMON_CURRENT_H
#define HORNERO_AGENT_COMMON_CURRENT_H

#include "conf/conf.h"
#include "conf/image.h"
#include "lib/err.h"

/* Returns 1 if the release of this artifact is current, 0 if not, -1 if a record or the cache
 * cannot be read. */
int current_is(const struct conf *c, const struct image *img, const char *digest, struct err *e);

#endif
