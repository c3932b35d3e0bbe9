/*
 * flattening: runs hornero-flatten on one disk and reports its progress to the peer.
 */
#ifndef HORNERO_AGENT_PUBLISH_FLATTENING_H
#define HORNERO_AGENT_PUBLISH_FLATTENING_H

#include "agent/publish/peer.h"
#include "conf/conf.h"

enum { FLATTENING_WHY_MAX = 512 };

/* `disk` is INSTANCE/NAME below instances_path, `base` an absolute path. Sends the peer "waiting
 * flattening instance …: 43 % of 1.2 GiB". Returns 0 if the disk is durably independent, 1 if it
 * cannot be done now, with the reason in `why`, -1 on error or if peer_stop() ended it. */
int flattening_run(const struct conf *conf, const char *disk, const char *base, struct peer *peer,
		   char why[FLATTENING_WHY_MAX], struct err *e);

#endif
