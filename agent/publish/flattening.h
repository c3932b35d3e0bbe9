/*
 * flattening: a dependent made independent, by a hornero-flatten of our own; what it says goes on to the peer.
 */
#ifndef HORNERO_AGENT_PUBLISH_FLATTENING_H
#define HORNERO_AGENT_PUBLISH_FLATTENING_H

#include "agent/publish/peer.h"
#include "conf/conf.h"

enum { FLATTENING_WHY_MAX = 512 };

/* disk: INSTANCE/NAME below instances_path; base: its path. Tells the peer "waiting flattening instance …: 43 % of
 * 1.2 GiB". 0 it is independent, durably; 1 not now, and why says so; -1 where peer_stop() ended it. */
int flattening_run(const struct conf *conf, const char *disk, const char *base, struct peer *peer,
		   char why[FLATTENING_WHY_MAX], struct err *e);

#endif
