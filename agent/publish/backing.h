/*
 * backing: reads from the header of a disk which file is its base.
 */
#ifndef HORNERO_AGENT_PUBLISH_BACKING_H
#define HORNERO_AGENT_PUBLISH_BACKING_H

#include "agent/publish/overlay.h"

#include <stdbool.h>

struct backing {
	char name[OVERLAY_NAME_MAX + 1]; /* as in the header: do not trust it */
	bool is_raw;                     /* the header calls the base raw */
};

/* Sets *out for OVERLAY_BACKED. Sets errno for OVERLAY_BAD: EBADMSG if the header is invalid. */
enum overlay_kind backing_read(int fd, struct backing *out);

#endif
