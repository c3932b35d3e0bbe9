/*
 * touch: gives files of Nova's cache the times that hornero-keep chose, so that Nova's ageing keeps
 * them.
 *
 * The list has a line for each file (agent/common/protocol.h). A file is touched only if it still
 * has that inode and the mtime SEEN_NS: a use meanwhile stays visible. Images without an image file
 * are not ours to keep. We do not take Nova's lock: at worst the ageing removes a file at the same
 * moment, as it would have done without us.
 */
#ifndef HORNERO_AGENT_PUBLISH_TOUCH_H
#define HORNERO_AGENT_PUBLISH_TOUCH_H

#include "conf/conf.h"
#include "lib/err.h"

/* Stores in *n how many were touched. ERR_US for a malformed line or a time in the future. */
int touch_run(const struct conf *c, int list, int *n, struct err *e);

#endif
