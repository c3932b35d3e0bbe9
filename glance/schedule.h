/*
 * schedule: when each release is tried again, for the life of the process. A new process tries all
 * at once: a restart is a good reason, and no clock is needed across it.
 */
#ifndef HORNERO_GLANCE_SCHEDULE_H
#define HORNERO_GLANCE_SCHEDULE_H

#include "store/registration.h"

#include <stdbool.h>
#include <stdint.h>

struct slot {
	char release[UUID_LEN + 1];
	int64_t due_ms; /* monotonic; INT64_MAX: not by itself */
	int looks;      /* in a row that only waited for Glance */
	int wish;       /* of the image file at the last look: enum image_require_warm */
	int64_t began_ms; /* monotonic: of a rollout's servers (rollout.h); 0: not yet */
};

struct schedule {
	struct slot *list;
	size_t n;
};

/* Finds the slot of a release, or makes one that is due. Returns NULL if memory is short. It is
 * valid until the next call. */
struct slot *schedule_of(struct schedule *s, const char *release);
void schedule_fini(struct schedule *s);

/* Makes all due. */
void schedule_all(struct schedule *s);

/* Returns the delay until the next try of a release in this state, or -1: none. retry_after_s is
 * what Glance asked for, 0 for nothing. Pure. */
int64_t schedule_delay_ms(enum registration_state state, bool is_soon, int64_t tries,
			  int64_t retry_after_s);

#endif
