/*
 * floors: nothing is begun where the disk is too full.
 */
#ifndef HORNERO_AGENT_HORNEROD_FLOORS_H
#define HORNERO_AGENT_HORNEROD_FLOORS_H

#include "lib/floor.h"

#include <stdbool.h>
#include <stdint.h>

struct agent;

/* Why each filesystem is below its floor, worded when it fell below; "" if it is not. */
struct floors {
	char store[FLOOR_WHY], work[FLOOR_WHY], cache[FLOOR_WHY];
	int64_t collect_ms;  /* monotonic: no further collection for it before */
	bool is_told;
};

enum { FLOORS_AGAIN_MS = 2000 };
void floors_look(struct agent *a);
/* Why nothing is built, or published, now; NULL: it is. */
const char *floors_pause_building(const struct agent *a);
const char *floors_pause_publishing(const struct agent *a);
/* The former, once it is to be told. */
const char *floors_told(struct agent *a);

#endif
