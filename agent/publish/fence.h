/*
 * fence: may this attempt still publish?
 *
 * The fence of an image holds "JOB ATTEMPT TOKEN" of the attempt that may publish it; hornerod replaces it before
 * each attempt, so that one that was stopped for an hour cannot put old bytes in place. Each step that changes
 * Nova's files asks right before: publish.c, placing.c, makeway.c.
 */
#ifndef HORNERO_AGENT_PUBLISH_FENCE_H
#define HORNERO_AGENT_PUBLISH_FENCE_H

#include "agent/publish/peer.h"
#include "conf/conf.h"
#include "lib/err.h"

/* 0: the fence of the image names this attempt. ERR_NOBODY where it does not. */
int fence_check(const struct conf *conf, const struct peer_request *req, struct err *e);

#endif
