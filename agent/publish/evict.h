/*
 * evict: take files out of Nova's cache that hornero published and nobody wants.
 *
 * The list has a line for each file, the one that goes first on top (agent/common/protocol.h). As many go as make room for so many
 * bytes. A file has
 * the name of its image, that of its release, or both; it goes under all its names or under none, since only the last one frees
 * anything. The list is advice: a file goes only if records say that its names are ours and all that it has, no image file
 * wishes it warm for ever, no disk of an instance stands on it, and, once more under Nova's lock for each of its names, if it
 * is still that file, its fence is still that one, and no instance stands on it.
 *
 * Replies: "evicted INODE BYTES" or "stays INODE REASON" for each that was looked at.
 */
#ifndef HORNERO_AGENT_PUBLISH_EVICT_H
#define HORNERO_AGENT_PUBLISH_EVICT_H

#include "agent/publish/peer.h"
#include "conf/conf.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

/* dry: only say. *n: how many went. ERR_US where a line makes no sense, ERR_NOBODY where we were told to end. */
int evict_run(const struct conf *c, int list, int64_t want_bytes, bool dry, struct peer *peer, int *n, struct err *e);

#endif
