/*
 * makeway: do instances stand on the base that is to be replaced, on other bytes than the new ones? Where the image wishes it,
 * their disks are made independent of it.
 *
 *     struct makeway w = {.conf = conf, .req = &req, .peer = &peer, .out = &out, .m = &manifest, .cache = dir_fd, .seen = &seen};
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
	struct publish_result *out; /* its name is looked at; deferred is set */
	const struct manifest *m;
	int cache;
	bool may_flatten;         /* in_use: flatten */
	struct quiet *seen;       /* what the first look at the instances saw */
	struct standing standing; /* whether what is in place is these very bytes, as far as known */
};

/* 1: instances stand on other bytes than these, and out->deferred says who. 0, -1. Comparing bytes is slow: under the lock
 * (may_compare false) only what was found before counts. */
int makeway_look(struct makeway *w, bool may_compare, struct dependents *d, struct err *e);

/* As makeway_look(), after the dependents were made independent, one after the other, where the image wishes it. The first one
 * that cannot be ends it: more room would be taken for nothing. */
int makeway_run(struct makeway *w, struct err *e);

#endif
