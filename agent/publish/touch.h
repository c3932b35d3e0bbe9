/*
 * touch: give files of Nova's cache the times that hornero-keep chose, so that Nova's ageing leaves them.
 *
 * The list has a line for each file (agent/common/protocol.h). A file is touched only if it is still that inode and still has the
 * mtime SEEN_NS: a use in between is not covered up. Images without a file of their own are not ours to keep. Nova's lock is not
 * taken: at worst the ageing takes a file at the very moment, as it would have without us.
 */
#ifndef HORNERO_AGENT_PUBLISH_TOUCH_H
#define HORNERO_AGENT_PUBLISH_TOUCH_H

#include "conf/conf.h"
#include "lib/err.h"

/* *n: how many were touched. ERR_US where a line makes no sense or asks for a time to come. */
int touch_run(const struct conf *c, int list, int *n, struct err *e);

#endif
