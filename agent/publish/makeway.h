/*
 * makeway: checks whether instances need the present bytes of a base that is to be replaced. If the
 * image says in_use: flatten, makes their disks independent.
 *
 *     struct makeway w = {.conf = conf, .req = &req, .peer = &peer, .out = &out, .m = &manifest,
 *                         .cache = dir_fd, .seen = &seen};
 *     makeway_run(&w, e)              before the copy: slow
 *     makeway_look(&w, false, &d, e)  under Nova's lock: fast
 */
#ifndef HORNERO_AGENT_PUBLISH_MAKEWAY_H
#define HORNERO_AGENT_PUBLISH_MAKEWAY_H

#include "agent/publish/dependents.h"
#include "agent/publish/peer.h"
#include "agent/publish/publish.h"
#include "agent/publish/standing.h"
#include "conf/conf.h"
#include "store/store.h"

#include <stdbool.h>

struct makeway {
	const struct conf *conf; /* borrowed, as all pointers here */
	const struct peer_request *req;
	struct peer *peer;
	struct publish_result *out; /* reads its name, sets deferred */
	const struct manifest *m;
	int cache;
	bool may_flatten;         /* in_use: flatten */
	struct unchanged *seen;       /* filled by the first look at the instances */
	struct standing standing; /* whether the base already has the new bytes, if known */
};

/* Returns 1 if instances need other bytes than the new ones, with their names in out->deferred, 0
 * if none does, -1 on error. Comparing bytes is slow: under the lock pass may_compare false, and
 * only an earlier result counts. */
int makeway_look(struct makeway *w, bool may_compare, struct dependents *d, struct err *e);

/* Like makeway_look(), but first flattens the dependents one by one, if the image asks for it.
 * Stops at the first that cannot be flattened: the others would take space for nothing. */
int makeway_run(struct makeway *w, struct err *e);

#endif
