/*
 * known: an artifact that is known without a look at the tree of its commit: that of a pinned image, and that of an image
 * whose file is gone from the cache. No builder and no checkout is needed to publish it.
 */
#ifndef HORNERO_AGENT_COMMON_KNOWN_H
#define HORNERO_AGENT_COMMON_KNOWN_H

#include "agent/common/verdict.h"
#include "conf/conf.h"
#include "conf/image.h"

/* The pin that the image has at v->commit. 0: none; 1: v has its artifact; -1: it cannot be had, as v says. */
int known_pin(const struct conf *c, const struct image *img, struct verdict *v);

/* The same of the commit that its branch has now; without a pin the artifact that was warm for this commit and these
 * inputs ("": not asked for). 0 also where the branch does not lie loose in the repository. */
int known_now(const struct conf *c, const struct image *img, const char *inputs, struct verdict *v);

#endif
