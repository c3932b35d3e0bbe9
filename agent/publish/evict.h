/*
 * evict: removes files that hornero published, and that nobody wants, from Nova's cache.
 *
 * The list has a line for each file, the first to go on top (agent/common/protocol.h). Files go
 * until the requested number of bytes is free. A file has the name of its image, that of its
 * release, or both. It loses all its names or none, because only the last one frees space.
 *
 * The list is advice. A file goes only if
 *   - our records have all its names,
 *   - no image file asks to keep it warm forever,
 *   - no disk of an instance has it as its base, and
 *   - under Nova's lock for each name, it is still that file, its fence is unchanged and still no
 *     instance uses it.
 *
 * Replies: "evicted INODE BYTES" or "stays INODE REASON" for each file that was examined.
 */
#ifndef HORNERO_AGENT_PUBLISH_EVICT_H
#define HORNERO_AGENT_PUBLISH_EVICT_H

#include "agent/publish/peer.h"
#include "conf/conf.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Stores in *n how many files went. If `dry`, only reports what would go. ERR_US for a malformed
 * line, ERR_NOBODY if peer_stop() ended it. */
int evict_run(const struct conf *c, int list, int64_t want_bytes, bool dry, struct peer *peer,
	      int *n, struct err *e);

#endif
