/*
 * filling: fills a staging file with the bytes of an artifact, durably.
 *
 * That needs no digest, so it may begin before the artifact has one: hornerod asks to `prepare` the
 * staged file of an attempt, and sends the publication over the same connection when the digest is
 * known. The copy is used if the publication brings the same file, unchanged. Whatever comes
 * instead, a lost connection too, the copy is removed.
 */
#ifndef HORNERO_AGENT_PUBLISH_FILLING_H
#define HORNERO_AGENT_PUBLISH_FILLING_H

#include "agent/publish/peer.h"
#include "agent/publish/staging.h"
#include "conf/conf.h"

#include <stdbool.h>
#include <sys/stat.h>

struct filling {
	struct staging staging; /* fd -1: there is no copy */
	struct stat source;     /* as it was before the copy */
	const char *way;        /* of copy.h */
	int64_t copy_ms, sync_ms;
};
#define FILLING_INIT {.staging = STAGING_INIT}

/* Nova makes its cache directory for its first image, owned as instances_path is; so do we if it is
 * missing. Returns a descriptor, or -1 (ERR_OPERATOR). */
int filling_open_cache(const struct conf *conf, struct err *e);

/* Copies req->artifact into a new staging file of `cache`, which must outlive it. ERR_NOBODY also
 * if peer_stop() ended it. */
int filling_copy(struct filling *f, const struct conf *conf, int cache,
		 const struct peer_request *req, struct peer *peer, struct err *e);

/* The same for `prepare`. Copies nothing, and returns 0, if instances use the file under the
 * image's own name and the publication would have to wait for them. */
int filling_prepare(struct filling *f, const struct conf *conf, int cache,
		    const struct peer_request *req, struct peer *peer, struct err *e);

/* Whether there is a copy, of the open artifact as it is now. */
bool filling_is_of(const struct filling *f, int artifact);

static inline void filling_end(struct filling *f)
{
	staging_close(&f->staging);
}
#define own_filling __attribute__((cleanup(filling_end)))

#endif
