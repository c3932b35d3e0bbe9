/* sweeping: runs hornero-sweep, -keep, -collect and -scrub as children, one of each at a time.
 * DIAGNOSTICS: one that fails is logged (upkeep.c) and runs again at the next interval. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/sweeping.h"
#include "agent/hornerod/upkeep.h"

#include "lib/clock.h"
#include "lib/steady.h"
#include "state/done.h"
#include "store/scrubbed.h"

#include <sys/stat.h>
#include <sys/wait.h>

/* expected: an exit code besides 0 of a run that did its work. */
static int end(struct upkeep *u, enum done what, int expected)
{
	int status = upkeep_reap(u, expected);
	struct steady clock;

	if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == expected)) {
		steady_load(&clock, u->agent->conf->queue_dir);
		done_note(u->agent->conf->run_dir, what, steady_now_ms(&clock));
	}
	return status;
}

static const char *const quiet[] = {"--quiet", NULL};

static int on_sweep_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct agent *a = arg;

	(void)src;
	(void)fd;
	(void)events;
	end(&a->sweep, DONE_SWEEP, 0);
	agent_soon(a, 0);
	return 0;
}

/* Exit code 1 of a program asks for a sweep: of hornero-keep if a file is due to come back, of
 * hornero-scrub if bytes changed. */
static int end_with_wish(struct agent *a, struct upkeep *u, enum done what)
{
	enum { WANTS_SWEEP = 1 };
	int status = end(u, what, WANTS_SWEEP);

	if (WIFEXITED(status) && WEXITSTATUS(status) == WANTS_SWEEP) {
		a->next_sweep_ms = 0;
		agent_soon(a, 0);
	}
	return 0;
}

static int on_keep_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct agent *a = arg;

	(void)src;
	(void)fd;
	(void)events;
	return end_with_wish(a, &a->keep, DONE_KEEP);
}

/* Jobs that wait for room may go on. */
static int on_collect_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	enum { IS_LACKING = 1 }; /* a budget or a floor is not met */
	struct agent *a = arg;

	(void)src;
	(void)fd;
	(void)events;
	end(&a->collect, DONE_COLLECT, IS_LACKING);
	agent_soon(a, 0);
	return 0;
}

void keeping_start(struct agent *a)
{
	enum { KEEP_MS = 60000 };
	int64_t often_ms = a->conf->cache_minimum_age_s * 1000 / 8;

	/* Set it even if one still runs: its end takes no turn. */
	a->next_keep_ms = clock_mono_ms() + (often_ms < KEEP_MS ? often_ms : KEEP_MS);
	if (a->keep.child.pid > 0)
		return;
	upkeep_start(a, &a->keep, "hornero-keep", NULL, on_keep_end);
}

void collecting_start(struct agent *a)
{
	enum { COLLECT_MS = 300000 };

	a->next_collect_ms = clock_mono_ms() + COLLECT_MS;
	if (a->collect.child.pid > 0)
		return;
	upkeep_start(a, &a->collect, "hornero-collect", quiet, on_collect_end);
}

static int on_scrub_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct agent *a = arg;

	(void)src;
	(void)fd;
	(void)events;
	return end_with_wish(a, &a->scrub, DONE_SCRUB);
}

void scrubbing_start(struct agent *a)
{
	enum { SCRUB_MS = 600000 };
	int64_t often_ms = a->conf->scrub_interval_s * 1000;
	struct scrubbed done;
	struct steady clock;
	struct err e = ERR_INIT;

	a->next_scrub_ms = clock_mono_ms() +
			   (often_ms == 0 || often_ms > SCRUB_MS ? SCRUB_MS : often_ms);
	if (a->scrub.child.pid > 0)
		return;
	steady_load(&clock, a->conf->queue_dir);
	/* The program itself reports a record that it cannot read. */
	if (scrubbed_load(a->conf->store_dir, &done, &e) == 0 &&
	    !scrubbed_is_due(&done, a->conf->scrub_interval_s, steady_now_ms(&clock)))
		return;
	a->scrub.beat_ns = scrubbed_beat_ns(a->conf->store_dir);
	upkeep_start(a, &a->scrub, "hornero-scrub", NULL, on_scrub_end);
}

void sweeping_start(struct agent *a)
{
	struct stat st;

	if (a->sweep.child.pid > 0)
		return; /* its end takes another turn, which sees what is still to be done */
	a->next_sweep_ms = clock_mono_ms() + a->conf->sweep_interval_s * 1000;
	if (stat(a->conf->images_dir, &st) == 0)
		a->images_mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	upkeep_start(a, &a->sweep, "hornero-sweep", quiet, on_sweep_end);
}

void sweeping_stop(struct agent *a)
{
	upkeep_stop(&a->sweep);
	upkeep_stop(&a->keep);
	upkeep_stop(&a->collect);
	upkeep_stop(&a->scrub);
	upkeep_stop(&a->looks.sweep);
}
