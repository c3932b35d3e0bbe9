/*
 * ours: decides whether a publication may replace the file under the image's own name in Nova's
 * cache.
 *
 *     struct ours o = {.conf = conf, .req = &req, .peer = &peer, .cache = cache_dir_fd,
 *                      .name = name};
 *     ours_look(&o, &manifest, e)           before any lock: may read the whole file
 *     if (o.how == OURS_FOREIGN) … o.why …
 *     … Nova's lock …
 *     ours_still(&o)                        if false, release the lock and look again
 *
 * A file is ours if a record of the image matches it, if it has our label (store/label.h), or if
 * its bytes are those of an artifact of this image: a record may be lost, and Nova may have fetched
 * a release. Any other file is foreign. We never replace a foreign file unless the operator
 * permitted it for that very file (state/replace.h).
 */
#ifndef HORNERO_AGENT_PUBLISH_OURS_H
#define HORNERO_AGENT_PUBLISH_OURS_H

#include "agent/publish/peer.h"
#include "conf/conf.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum ours_how {
	OURS_ABSENT,    /* there is no file */
	OURS_SAME,      /* ours, recorded, with the artifact's bytes: nothing to replace */
	OURS_CHANGED,   /* ours, recorded as this artifact, but its bytes have changed */
	OURS_KNOWN,     /* ours, with other bytes, or without a record */
	OURS_PERMITTED, /* foreign, and the operator permits its replacement */
	OURS_FOREIGN,
};

struct ours {
	const struct conf *conf; /* borrowed, all of these */
	const struct peer_request *req;
	struct peer *peer;
	int cache;
	const char *name;

	enum ours_how how;
	ino_t ino;
	int64_t born_ns;
	off_t size_bytes;
	int64_t mtime_ns;
	char why[512]; /* OURS_FOREIGN: the file, its owner, age and size, and what to do */
};

/* Returns 0 with `how` and the file's identity filled, or -1 on error. */
int ours_look(struct ours *o, const struct manifest *m, struct err *e);

/* Does the name still lead to the file that ours_look() saw? Cheap: call it under Nova's lock. */
bool ours_still(const struct ours *o);

#endif
