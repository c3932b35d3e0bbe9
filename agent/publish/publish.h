/*
 * publish: put an artifact into Nova's cache under Nova's name and lock.
 *
 *     check the request → look for dependents, flatten them where the image wishes it → copy aside, fsync
 *     → Nova's lock → the fence → look again → rename → fsync of the directory → unlock
 *
 * A file under the image's own name that is not hornero's (ours.h) stops the publication with words. One that appears
 * after the first look is found by the second look, under the lock.
 *
 * Where the image wants releases, the copy is linked to the release's name before that (placing.h), and it is made of
 * a name in the cache that has these bytes, where there is one. A publication that is deferred, or has to leave the
 * image's own name alone, places the release all the same.
 *
 * Nothing partial is ever under the final name, nothing is overwritten in place, nothing slow
 * happens under the lock. A base that instances stand on is replaced only by the same bytes.
 * Trusted: the manifest beside the artifact, the descriptor that matches it, the image's file and
 * the image's fence; not the request.
 */
#ifndef HORNERO_AGENT_PUBLISH_PUBLISH_H
#define HORNERO_AGENT_PUBLISH_PUBLISH_H

#include "agent/publish/peer.h"
#include "conf/conf.h"
#include "lib/err.h"
#include "lib/sha.h"

#include <stdbool.h>
#include <stdint.h>

struct publish_result {
	char deferred[512]; /* not "": instances are in the way, and who; the image's own name was left alone */
	bool is_alone;      /* and so it stays: in_use is release-only, and the release is there */
	char foreign[512];  /* not "": a file that is not hornero's has the name; it was left alone */
	char name[SHA1_HEX + 1];
	uint64_t ino;
	int64_t size_bytes;
	int64_t took_ms;
	int replaced; /* the base that was there before, or -1: for the caller to close once it has answered */
};

/* The whole act. What is under the final name is durable on return. ERR_NOBODY also where the
 * fence names another attempt, where the disk is full, and where peer_stop() ended it. */
int publish_run(const struct conf *conf, const struct peer_request *req, struct peer *peer,
		struct publish_result *out, struct err *e);

#endif
