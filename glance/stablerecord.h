/*
 * stablerecord: brings the record of a stable id, an image's own UUID, to what the outbox asks for.
 *
 * Glance sets the digest of a record once, so its bytes are for ever those that were current first.
 * All else follows: the release that is current, its commit, min_disk and hardware.
 */
#ifndef HORNERO_GLANCE_STABLERECORD_H
#define HORNERO_GLANCE_STABLERECORD_H

#include "conf/image.h"
#include "glance/imageapi.h"
#include "store/stable.h"

/* As registrar_settle(). The state is MADE as long as nothing was current under the UUID. */
bool stablerecord_settle(struct glance *g, const struct stable *s, enum image_require_warm require,
			 int looks, struct registration *r);

#endif
