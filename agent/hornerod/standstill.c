/* standstill: while an operator drains the node, nothing starts. While it is paused or under
 * pressure, running builds are frozen too, and their supervisors do not count that time.
 * DIAGNOSTICS: a group that cannot be frozen runs on and is logged; one that cannot be thawed is
 * retried in each turn. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempts.h"
#include "agent/hornerod/floors.h"
#include "agent/hornerod/standstill.h"

#include "lib/clock.h"
#include "lib/log.h"

#include <string.h>

static bool stands_still(const struct agent *a, const struct attempt_run *r)
{
	return a->pressure.high || a->paused.node || paused_image(&a->paused, r->image);
}

/* Freezes or thaws the attempt if needed. */
static void freeze(struct agent *a, struct attempt_run *r)
{
	struct err e = ERR_INIT;
	bool frozen = stands_still(a, r);

	if (r->ended || !r->has_leaf || r->frozen == (frozen ? RUN_FROZEN : RUN_FREE))
		return;
	r->frozen = frozen ? RUN_FROZEN : RUN_FREE;
	if (cg_leaf_freeze(a->cg, &r->leaf, frozen, &e) == 0)
		return;
	log_warn("event=not-%s job=%lld %s", frozen ? "paused" : "resumed", (long long)r->job,
		 e.msg);
	/* Retry: while frozen its clocks stand still, so no timeout would ever end it. */
	if (!frozen)
		r->frozen = RUN_UNKNOWN;
}

static void say(struct agent *a)
{
	const char *floor = floors_reported(a);
	struct standstill s = {.kind = WAITING_NOTHING};
	struct err e = ERR_INIT;

	if (a->pressure.high) {
		s.kind = WAITING_PRESSURE;
		snprintf(s.text, sizeof(s.text), "paused: %s", a->pressure.text);
	} else if (a->draining) {
		s.kind = WAITING_DRAIN;
		snprintf(s.text, sizeof(s.text),
			 "an operator drains the node; `hornero resume` ends that");
	} else if (floor) {
		s.kind = WAITING_DISK;
		snprintf(s.text, sizeof(s.text), "%s", floor);
	}
	if (s.kind == a->paused.standstill.kind && strcmp(s.text, a->paused.standstill.text) == 0)
		return;
	if (standstill_say(a->conf->run_dir, &s, &e) < 0)
		log_warn("event=standstill-unwritten %s", e.msg);
}

static void look_at_drain(struct agent *a)
{
	bool was = a->draining;

	a->draining = drain_is_on(a->conf->run_dir);
	if (a->draining != was)
		log_info("event=%s", a->draining ? "draining" : "drain-ended");
}

static void look_at_pauses(struct agent *a)
{
	bool was = a->paused.node;
	size_t n = a->paused.n;

	paused_fini(&a->paused);
	paused_load(&a->paused, a->conf);
	if (a->paused.node != was || a->paused.n != n)
		log_info("event=pauses node=%s images=%zu", a->paused.node ? "paused" : "free",
			 a->paused.n);
}

static void look_at_pressure(struct agent *a)
{
	bool was_high = a->pressure.high;

	if (clock_mono_ms() < a->next_look_ms)
		return;
	a->next_look_ms = clock_mono_ms() + PRESSURE_LOOK_MS;
	pressure_look(&a->pressure, a->conf);
	if (a->pressure.high && !was_high)
		log_warn("event=paused reason=\"%s\"", a->pressure.text);
	else if (was_high && !a->pressure.high)
		log_info("event=resumed");
}

void standstill_look(struct agent *a)
{
	look_at_drain(a);
	look_at_pauses(a);
	look_at_pressure(a);
}

/* Reports first, so that no thawed build is reported as paused. */
void standstill_act(struct agent *a)
{
	say(a);
	for (struct attempt_run *r = a->attempts; r; r = r->next)
		freeze(a, r);
}

bool standstill_allows(const void *agent, const char *image)
{
	const struct agent *a = agent;

	return !paused_image(&a->paused, image);
}

/* Restores only whether pressure was high, because that lowers the limit. Frozen groups stay frozen
 * until the first turn sets each as it should be. */
void standstill_resume(struct agent *a)
{
	struct standstill s;

	a->pressure.high = standstill_read(a->conf->run_dir, &s) && s.kind == WAITING_PRESSURE;
}

void standstill_stop(struct agent *a)
{
	const struct standstill none = {.kind = WAITING_NOTHING};
	struct err e = ERR_INIT;

	if (drain_end(a->conf->run_dir, &e) < 0 || standstill_say(a->conf->run_dir, &none, &e) < 0)
		log_warn("%s", e.msg);
}
