/*
 * rollout: has Nova rebuild the servers of one image on this node onto its current release, a few
 * at a time, and waits until they are healthy.
 *
 * Each look asks Nova first and does the next missing step, so a death at any point repeats
 * nothing: a server that has the release's image was asked for.
 */
#ifndef HORNERO_GLANCE_ROLLOUT_H
#define HORNERO_GLANCE_ROLLOUT_H

#include "glance/api.h"
#include "glance/schedule.h"
#include "store/rollout.h"

/* Fills state, counts and reason of *r, whose lists it uses, and saves *r before it asks for a
 * rebuild. slot->began_ms is when Nova accepted the last rebuild, or when this process first saw
 * the servers that are busy. Returns true if Nova works on it: look again soon. */
bool rollout_settle(struct glance *g, const struct outgoing *o, struct slot *slot,
		    struct rollout *r);

#endif
