/*
 * publish: puts an artifact into Nova's cache, under Nova's name and lock.
 *
 *     check the request → look for dependents, flatten them if the image asks for it
 *     → copy staging, fsync, or take what filling.h prepared → Nova's lock → check the fence
 *     → look again → rename → fsync the directory → unlock
 *
 * A foreign file (ours.h) under the image's own name ends the publication with a reason. If it
 * appears after the first look, the second look, under the lock, finds it.
 *
 * If the image wants releases, we first link the copy to the release's name (placing.h). If a name
 * in the cache has the same bytes, we link that instead of copying. A publication that is deferred,
 * or must keep the file under the image's own name, still places the release.
 *
 * The final name never has a partial file, no file is overwritten in place, and nothing slow
 * happens under the lock. A base that instances use is replaced only by the same bytes. We trust
 * the manifest beside the artifact, the descriptor that matches it, the image's file and the
 * image's fence, but not the request.
 */
#ifndef HORNERO_AGENT_PUBLISH_PUBLISH_H
#define HORNERO_AGENT_PUBLISH_PUBLISH_H

#include "agent/publish/filling.h"
#include "agent/publish/peer.h"
#include "conf/conf.h"
#include "lib/err.h"
#include "lib/sha.h"

#include <stdbool.h>
#include <stdint.h>

struct publish_result {
	char deferred[512]; /* which instances need the present file, so that it stays; else "" */
	bool release_only;  /* deferred for good: in_use is release-only, the release is placed */
	char foreign[512];  /* why the present file is foreign, so that it stays; else "" */
	char name[SHA1_HEX + 1];
	uint64_t ino;
	int64_t size_bytes;
	int64_t took_ms;
	int replaced; /* the previous base, or -1; the caller closes it after its reply */
};

/* Publishes. `prepared` may have no copy; a copy that is used is taken from it. The file under the
 * final name is durable on return. Returns 0 also if out->deferred or out->foreign is set, -1 on
 * error. ERR_NOBODY also if the fence names another attempt, the disk is full, or peer_stop() ended
 * it. */
int publish_run(const struct conf *conf, const struct peer_request *req, struct peer *peer,
		struct filling *prepared, struct publish_result *out, struct err *e);

#endif
