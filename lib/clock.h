/* clock: the two clocks of the kernel, both in milliseconds, never mixed (the suffix of a name says which: created_ms
 * is wall, deadline_ms is monotonic). Wall time is for people and other programs' files: it may jump. Monotonic time is
 * the boot clock, which also counts while the machine sleeps: deadlines within one boot. What has to outlive a process
 * and to survive a changed clock goes by lib/steady.h. */
#ifndef HORNERO_LIB_CLOCK_H
#define HORNERO_LIB_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline int64_t clock_wall_ms(void)
{
	return clock_read_ms(CLOCK_REALTIME);
}

static inline int64_t clock_mono_ms(void)
{
	return clock_read_ms(CLOCK_BOOTTIME);
}

#endif
