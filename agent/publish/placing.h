/*
 * placing: an artifact under the name of its release in Nova's cache, beside the image's own name: one file, two names.
 *
 *     struct placing p = {.conf = conf, .req = &req, .peer = &peer, .cache = cache_dir_fd};
 *     placing_find(&p, &manifest, e)
 *     if (placing_is_due(&p)) … an aside with the bytes: p.source[0] ? placing_take() : a copy … placing_link(&p, &aside, way, e)
 *     placing_say(&p)
 *
 * A release never gets other bytes: what lies under its name and is not the artifact is not replaced, and said. Only a
 * file of ours whose bytes were changed since is replaced, by the right ones, and only while no instance stands on it.
 * The two names are hard links in the cache: never one with the store, since libvirt gives a base, and so
 * every link of it, to QEMU's user.
 */
#ifndef HORNERO_AGENT_PUBLISH_PLACING_H
#define HORNERO_AGENT_PUBLISH_PLACING_H

#include "agent/publish/aside.h"
#include "agent/publish/peer.h"
#include "conf/conf.h"
#include "store/store.h"

#include <stdbool.h>

struct placing {
	const struct conf *conf; /* borrowed, all four */
	const struct peer_request *req;
	struct peer *peer;
	int cache;

	bool doubt;           /* the bytes of a recorded file are compared, too */
	ino_t changed_ino;    /* a file of the cache that is known to hold other bytes than its record says; 0: none */

	char release[UUID_LEN + 1];
	char name[SHA1_HEX + 1];
	char source[SHA1_HEX + 1]; /* a name in the cache that has these very bytes; "": none, they come from the store */
	bool is_there;
	bool replaces;             /* our own file lies there, changed since, and no instance stands on it */
	uint64_t ino;
	int64_t size_bytes;
	char refused[512]; /* not "": why it is not placed */
};

/* What is under the name? Bytes are compared where no record knows the file: so before any lock. */
int placing_find(struct placing *p, const struct manifest *m, struct err *e);

/* Not there, and not refused. */
bool placing_is_due(const struct placing *p);

/* One more name for what `source` names, aside. */
int placing_take(const struct placing *p, struct aside *aside, struct err *e);

/* The aside's file under the name, with Nova's lock of that name, if the fence lets us. Durable on return. ERR_NOBODY
 * also where somebody else made a file of that name meanwhile. way: for the log. */
int placing_link(struct placing *p, const struct aside *aside, const char *way, struct err *e);

/* "released NAME INO SIZE" or "unreleased NAME TEXT", to whoever asked. */
void placing_say(const struct placing *p);

#endif
