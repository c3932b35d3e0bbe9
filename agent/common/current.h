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
#include "lib/sha.h"
#include "lib/uuid.h"

struct current {
	char image[UUID_LEN + 1];
	char newest[SHA256_HEX + 1]; /* the artifact of the newest release in the cache; "" */
};

/* Reads every record of the image's releases, so ask once for many artifacts. Returns 0, or -1 if a
 * record or the cache cannot be read. */
int current_of(const struct conf *c, const struct image *img, struct current *out, struct err *e);

/* Returns 1 if the release of this artifact is current, 0 if not, -1 on error. Reads nothing. */
int current_has(const struct current *now, const struct image *img, const char *digest,
		struct err *e);

/* Both, for one artifact. */
int current_is(const struct conf *c, const struct image *img, const char *digest, struct err *e);

#endif
