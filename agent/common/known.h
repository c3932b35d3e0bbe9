/*
 * known: finds the artifact of an image without reading the tree of its commit, if the image is
 * pinned or its file has disappeared from the cache. Publishing it needs neither builder nor
 * checkout.
 */
#ifndef HORNERO_AGENT_COMMON_KNOWN_H
#define HORNERO_AGENT_COMMON_KNOWN_H

#include "agent/common/verdict.h"
#include "conf/conf.h"
#include "conf/image.h"

/* Looks up the image's pin at v->commit. Returns 0 if there is none, 1 if v describes its artifact,
 * -1 if the artifact is unavailable (v says why). */
int known_pin(const struct conf *c, const struct image *img, struct verdict *v);

/* The same for the branch's present commit. Without a pin, finds the artifact that was warm for
 * this commit and these inputs ("": skip this). Also returns 0 if the branch is not a loose ref. */
int known_now(const struct conf *c, const struct image *img, const char *inputs, struct verdict *v);

#endif
