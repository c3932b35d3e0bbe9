/* pausing: while an operator drains the node nothing starts; while it is under pressure what runs is frozen as well, and its
 * supervisors leave that time out. DIAGNOSTICS: a group that cannot be frozen runs on and is logged. */
#include "agent/agent.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/standstill.h"

static void freeze(struct agent *a, const struct attempt_run *r, bool frozen)
{
	struct err e = ERR_INIT;

	if (!r->ended && r->has_leaf && cg_leaf_freeze(a->cg, &r->leaf, frozen, &e) < 0)
		log_warn("event=not-%s job=%lld %s", frozen ? "paused" : "resumed", (long long)r->job, e.msg);
}

static void say(const struct agent *a)
{
	char text[STANDSTILL_MAX];
	struct err e = ERR_INIT;

	snprintf(text, sizeof(text), STANDSTILL_PAUSED "%s", a->pressure.text);
	if (a->draining && !a->pressure.high)
		snprintf(text, sizeof(text), "an operator drains the node; `hornero resume` ends that");
	if (standstill_say(a->conf->run_dir, a->pressure.high || a->draining ? text : NULL, &e) < 0)
		log_warn("event=standstill-unwritten %s", e.msg);
}

static void look_at_drain(struct agent *a)
{
	bool was = a->draining;

	a->draining = drain_is_on(a->conf->run_dir);
	if (a->draining == was)
		return;
	log_info("event=%s", a->draining ? "draining" : "drain-ended");
	say(a);
}

void pausing_look(struct agent *a)
{
	bool was_high = a->pressure.high;

	look_at_drain(a);
	if (clock_mono_ms() < a->next_look_ms)
		return;
	a->next_look_ms = clock_mono_ms() + PRESSURE_LOOK_MS;
	pressure_look(&a->pressure, a->conf);
	if (a->pressure.high || was_high)
		say(a);
	if (a->pressure.high == was_high)
		return;
	if (a->pressure.high)
		log_warn("event=paused reason=\"%s\"", a->pressure.text);
	else
		log_info("event=resumed");
	for (const struct attempt_run *r = a->attempts; r; r = r->next)
		freeze(a, r, a->pressure.high);
}

void pausing_resume(struct agent *a)
{
	char text[STANDSTILL_MAX];

	a->pressure.high = standstill_read(a->conf->run_dir, text) && standstill_is_pause(text);
}

void pausing_stop(struct agent *a)
{
	struct err e = ERR_INIT;

	a->pressure.high = a->draining = false;
	if (drain_end(a->conf->run_dir, &e) < 0)
		log_warn("%s", e.msg);
	say(a);
}
