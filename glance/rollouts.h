/* rollouts: one look at all images with on_warm: rebuild: continues what is due, records it, and
 * says when the next look is. */
#ifndef HORNERO_GLANCE_ROLLOUTS_H
#define HORNERO_GLANCE_ROLLOUTS_H

#include "conf/image.h"
#include "glance/api.h"
#include "glance/schedule.h"
#include "store/outbox.h"

struct rollouts {
	struct schedule schedule; /* by image */
	bool is_retried;          /* failed ones are tried again */
	size_t unsettled;         /* that it left without their final state */
	int64_t next_ms;          /* monotonic: when the first of them is due */
};

/* list: the outbox, of each image the current release first. */
int rollouts_pass(struct glance *g, struct rollouts *p, const struct image *images, size_t count,
		  const struct outgoing *list, size_t n, bool (*is_stopped)(void *arg),
		  struct err *e);

/* The next pass tries all, also those that have failed. */
void rollouts_retry(struct rollouts *p);

#endif
