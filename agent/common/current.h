/*
 * current: which release of an image stands for it: the newest one that is in the cache, where the image wishes releases, and
 * the one that it is pinned to. It is kept warm as the image's own name is; the others are what was.
 */
#ifndef HORNERO_AGENT_COMMON_CURRENT_H
#define HORNERO_AGENT_COMMON_CURRENT_H

#include "conf/conf.h"
#include "conf/image.h"
#include "lib/err.h"

/* Is the release of this artifact the image's? 1, 0, -1 where a record or the cache cannot be looked at. */
int current_is(const struct conf *c, const struct image *img, const char *digest, struct err *e);

#endif
