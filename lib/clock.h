/*
 * clock: the kernel's wall and monotonic clocks, both in milliseconds.
 *
 * Never mix the two. The suffix of a name says which clock it uses: created_ms is wall time,
 * deadline_ms is monotonic. Wall time is for users and for files of other programs; it may jump.
 * Monotonic time is the boot clock, which also counts while the machine sleeps; use it for
 * deadlines within one boot. Times that must outlive a process and survive a changed wall clock use
 * lib/steady.h.
 */
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
