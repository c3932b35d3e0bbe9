/* stableid: hands the image's own UUID to hornero-glance, as a stable id (store/stable.h). */
#ifndef HORNERO_AGENT_COMMON_STABLEID_H
#define HORNERO_AGENT_COMMON_STABLEID_H

#include "conf/conf.h"
#include "conf/image.h"
#include "store/warm.h"

/* Does nothing unless the image has glance_record. own: the record of what is current under its
 * UUID, or NULL; asked_ms: the time of the image file, or 0. A failure is only logged: a push never
 * waits for Glance, and the next sweep tries again. */
void stableid_put(const struct conf *c, const struct image *img, const struct warm *own,
		  int64_t asked_ms);

#endif
