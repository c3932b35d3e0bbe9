/*
 * ours: may a publication replace what lies under the image's own name in Nova's cache?
 *
 *     struct ours o = {.conf = conf, .req = &req, .peer = &peer, .cache = cache_dir_fd, .name = name};
 *     ours_look(&o, &manifest, e)           before any lock: may read the file
 *     if (o.how == OURS_FOREIGN) … o.why …
 *     … Nova's lock …
 *     ours_still(&o)                        true: still that file; false: let go of the lock and look again
 *
 * A file is ours if a record of the image matches it, if it bears our mark (store/mark.h), or if its bytes are those of
 * an artifact of this image: a record may be lost, and Nova may have fetched a release. Any other file is foreign. It is
 * never replaced, unless the operator let go of that very file (state/replace.h).
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
	OURS_ABSENT,    /* nothing lies there */
	OURS_SAME,      /* ours, recorded, and its bytes are the artifact's: nothing needs to be replaced */
	OURS_CHANGED,   /* ours, recorded as this artifact, but its bytes were changed since */
	OURS_KNOWN,     /* ours, with other bytes, or without a record */
	OURS_PERMITTED, /* foreign, and the operator let go of it */
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
	char why[512]; /* OURS_FOREIGN: the file, its owner, age and size, and the way out */
};

/* Returns 0 with `how` and the file's identity filled, or -1 on error. */
int ours_look(struct ours *o, const struct manifest *m, struct err *e);

/* Under Nova's lock, cheap: does the name still lead to what ours_look() saw? */
bool ours_still(const struct ours *o);

#endif
