/*
 * floors: nothing starts while a disk is too full.
 */
#ifndef HORNERO_AGENT_HORNEROD_FLOORS_H
#define HORNERO_AGENT_HORNEROD_FLOORS_H

#include "lib/floor.h"

#include <stdbool.h>
#include <stdint.h>

struct agent;

/* Why each filesystem is below its floor, with the figures of that moment; "" if it is not. */
struct floors {
	char store[FLOOR_WHY], work[FLOOR_WHY], cache[FLOOR_WHY], state[FLOOR_WHY];
	int64_t collect_ms;  /* monotonic: next collection not before */
	bool is_reported;
};

enum { FLOORS_AGAIN_MS = 2000 };
void floors_look(struct agent *a);
/* Return why nothing is built, or published, at present; NULL if that is not so. */
const char *floors_pause_building(const struct agent *a);
const char *floors_pause_publishing(const struct agent *a);
/* Like floors_pause_building, but NULL until users are to be told. */
const char *floors_reported(struct agent *a);

#endif
