/*
 * placing: gives an artifact the name of its release in Nova's cache. The image's own name and that
 * of the release are two names of one file.
 *
 *     struct placing p = {.conf = conf, .req = &req, .peer = &peer, .cache = cache_dir_fd};
 *     placing_find(&p, &manifest, e)
 *     if (placing_is_due(&p))
 *             … fill a staging file: placing_take() if p.source[0], else copy the artifact …
 *             placing_link(&p, &staging, way, e)
 *     placing_say(&p)
 *
 * A release never gets other bytes. If another file has its name, we keep that file and report it.
 * We replace only a file of ours whose bytes have changed, and only while no instance uses it. The
 * two names are hard links within the cache. We never link to the store: libvirt gives a base, and
 * with it every link, to QEMU's user.
 */
#ifndef HORNERO_AGENT_PUBLISH_PLACING_H
#define HORNERO_AGENT_PUBLISH_PLACING_H

#include "agent/publish/staging.h"
#include "agent/publish/peer.h"
#include "conf/conf.h"
#include "store/store.h"

#include <stdbool.h>

struct placing {
	const struct conf *conf; /* borrowed, all four */
	const struct peer_request *req;
	struct peer *peer;
	int cache;

	bool doubt;           /* also compare the bytes of a recorded file */
	ino_t changed_ino;    /* a file in the cache whose bytes differ from its record; 0: none */

	char release[UUID_LEN + 1];
	char name[SHA1_HEX + 1];
	char source[SHA1_HEX + 1]; /* a name in the cache with these bytes; "": copy the artifact */
	bool is_there;
	bool replaces;             /* our own file was changed, and no instance uses it */
	uint64_t ino;
	int64_t size_bytes;
	char refused[512]; /* why it is not placed, or "" */
};

/* Examines the file under the name. Compares bytes if no record knows the file, so call it before
 * taking any lock. */
int placing_find(struct placing *p, const struct manifest *m, struct err *e);

/* True if the name is missing and was not refused. */
bool placing_is_due(const struct placing *p);

/* Makes the staging file a hard link to `source`. */
int placing_take(const struct placing *p, struct staging *staging, struct err *e);

/* Links the staging file to the name, under Nova's lock for it, if the fence allows it. Durable on
 * return. ERR_NOBODY also if another process took the name meanwhile. `way` is for the log. */
int placing_link(struct placing *p, const struct staging *staging, const char *way, struct err *e);

/* Sends "released NAME INO SIZE" or "unreleased NAME TEXT" to the peer. */
void placing_say(const struct placing *p);

#endif
