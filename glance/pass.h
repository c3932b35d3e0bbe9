/*
 * pass: one look at the whole outbox: settles what is due, and says when the next is.
 */
#ifndef HORNERO_GLANCE_PASS_H
#define HORNERO_GLANCE_PASS_H

#include "glance/imageapi.h"
#include "glance/nodetraits.h"
#include "glance/rollouts.h"
#include "glance/schedule.h"
#include "glance/watching.h"

struct pass {
	struct glance *g;
	const struct image *images; /* all, during a pass */
	size_t n_images;
	struct schedule schedule;
	struct rollouts rollouts;
	struct nodetraits traits;
	struct watching *watching;
	bool (*is_stopped)(void *arg); /* called with NULL: ends the pass early */
	size_t unsettled; /* releases, stable ids and rollouts without their final state */
	int64_t next_ms;  /* monotonic: when the first of them is due */
	int64_t offers_ms; /* monotonic: when to look for offers (store/offer.h) */
};

int pass_run(struct pass *p, struct err *e);

#endif
