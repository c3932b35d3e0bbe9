/* retry: when a program that failed runs again: after 5 s, then after twice as long each time. */
#ifndef HORNERO_NOTIFY_RETRY_H
#define HORNERO_NOTIFY_RETRY_H

#include "lib/clock.h"

#include <stdbool.h>

enum { RETRY_FIRST_MS = 5000, RETRY_MOST_MS = 10 * 60 * 1000 };

/* tries: those that failed. */
static inline int64_t retry_delay_ms(int64_t tries)
{
	int64_t ms = RETRY_FIRST_MS;

	while (tries-- > 1 && ms < RETRY_MOST_MS)
		ms *= 2;
	return ms < RETRY_MOST_MS ? ms : RETRY_MOST_MS;
}

/* next_ms is a wall time. A clock that was set back delays a retry by RETRY_MOST_MS at most. */
static inline bool retry_is_due(int64_t next_ms)
{
	int64_t left_ms = next_ms - clock_wall_ms();

	return left_ms <= 0 || left_ms > RETRY_MOST_MS;
}

/* Returns next_ms as a monotonic time. */
static inline int64_t retry_mono_ms(int64_t next_ms)
{
	return clock_mono_ms() + next_ms - clock_wall_ms();
}

#endif
