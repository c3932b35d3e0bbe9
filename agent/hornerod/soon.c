/* soon: when the next turn is due, and whether the one under way has lasted long enough. The loop
 * takes the turns (loop.c). DIAGNOSTICS: none. */
#include "agent/hornerod/agent.h"

#include "lib/clock.h"

enum { IDLE_TURN_MS = 60000 };

/* Time 0 is long past: the loop does not sleep before such a turn. "0 ms from now" would delay each
 * turn by 1 ms, which the timer may be late (loop.c). */
void agent_soon(struct agent *a, int64_t in_ms)
{
	if (in_ms > IDLE_TURN_MS)
		in_ms = IDLE_TURN_MS;
	if (in_ms <= 0)
		sd_event_source_set_time(a->timer, 0);
	else
		sd_event_source_set_time_relative(a->timer, (uint64_t)in_ms * 1000);
	sd_event_source_set_enabled(a->timer, SD_EVENT_ONESHOT);
}

/* One wait is enough: each row would wait as long again, while the loop handles no signal and the
 * watchdog gets no message. */
bool turn_exhausted(int64_t start_ms)
{
	return clock_mono_ms() - start_ms >= AGENT_DB_WAIT_MS;
}
