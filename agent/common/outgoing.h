/* outgoing: hands a release in Nova's cache to hornero-glance, by the outbox of the store. */
#ifndef HORNERO_AGENT_COMMON_OUTGOING_H
#define HORNERO_AGENT_COMMON_OUTGOING_H

#include "conf/conf.h"
#include "conf/image.h"
#include "store/warm.h"

/* Does nothing unless the image's releases are to be registered. `release` is its record
 * (store/placed.h). A failure is only logged: a push never waits for Glance, and the next sweep
 * tries again. */
void outgoing_put(const struct conf *c, const struct image *img, const struct warm *release);

#endif
