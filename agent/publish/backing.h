/*
 * backing: what the header of a disk names as its base, read from the file.
 */
#ifndef HORNERO_AGENT_PUBLISH_BACKING_H
#define HORNERO_AGENT_PUBLISH_BACKING_H

#include "agent/publish/overlay.h"

#include <stdbool.h>

struct backing {
	char name[OVERLAY_NAME_MAX + 1]; /* as it stands there: nobody's word but the header's */
	bool is_raw;                     /* the header calls the base raw */
};

/* *out is set for OVERLAY_BACKED. OVERLAY_BAD with errno set: EBADMSG where the header makes no sense. */
enum overlay_kind backing_read(int fd, struct backing *out);

#endif
