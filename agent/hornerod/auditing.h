/* auditing: writes what hornerod publishes into the audit log. */
#ifndef HORNERO_AGENT_HORNEROD_AUDITING_H
#define HORNERO_AGENT_HORNEROD_AUDITING_H

#include "agent/hornerod/agent.h"

#include "agent/common/verdict.h"

/* An artifact is in Nova's cache under this name: as the image, or as its release alone. Never
 * waits for long. If the record cannot be written, the log says so: the bytes are in the cache. */
void auditing_published(const struct agent *a, const struct verdict *v, const char *cache_name,
			bool is_release_alone);

#endif
