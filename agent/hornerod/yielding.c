/* yielding: while processors have spare time, builds come after everything else; while others keep
 * them busy, builds have their weight. DIAGNOSTICS: if TOP cannot be set, it stays as it is; that
 * is logged once. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempts.h"

#include "lib/clock.h"
#include "lib/log.h"

enum { LOOK_MS = 1000, LOOK_EXACT_US = 100000 };

/* Killed builds have normal weight for a moment, to end quickly; the next look is soon enough. */
static bool one_is_killed(const struct agent *a)
{
	for (const struct attempt_run *r = a->attempts; r; r = r->next)
		if (r->has_leaf && cgquota_is_lifted(&r->leaf.lifted))
			return true;
	return false;
}

static bool must_compete(struct agent *a)
{
	struct slack_use use;

	if (!slack_read(a->conf->cpu_dedicated_set, &use))
		return true;
	use.run_ms = cg_used_ms(a->cg);
	return slack_look(&a->slack, clock_mono_ms(), cg_processors(a->cg), &use);
}

static void look(struct agent *a, bool builds)
{
	struct err e = ERR_INIT;
	bool idle = !must_compete(a) && builds;

	if (one_is_killed(a) || cg_yield(a->cg, idle, &e) == 0 || a->yield_logged)
		return;
	a->yield_logged = true;
	log_warn("event=not-yielding %s; as root: hornerod -c %s --prepare, or systemctl restart "
		 "hornerod",
		 e.msg, a->conf->path);
}

static int on_look(sd_event_source *src, uint64_t at, void *arg)
{
	(void)at;
	look(arg, true);
	sd_event_source_set_time_relative(src, LOOK_MS * 1000);
	sd_event_source_set_enabled(src, SD_EVENT_ONESHOT);
	return 0;
}

void yielding_act(struct agent *a)
{
	bool builds = a->attempts;

	if (!a->cg || builds == (a->yield_timer != NULL))
		return;
	if (!builds)
		a->yield_timer = sd_event_source_unref(a->yield_timer);
	else
		(void)sd_event_add_time_relative(a->loop, &a->yield_timer, CLOCK_MONOTONIC,
						 LOOK_MS * 1000, LOOK_EXACT_US, on_look, a);
	look(a, builds);
}
