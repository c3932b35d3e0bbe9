/* decision: pure. DIAGNOSTICS: none. */
#include "agent/upkeep/sweep/decision.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* File times are as coarse as the kernel's tick. A job too many does no harm: its content is known.
 */
static bool changed_since(const struct decision_facts *f, int64_t when_ms)
{
	enum { TICK_MS = 20 };

	return when_ms <= f->changed_ms + TICK_MS;
}

/* Returns true if nothing that a build could see has changed since the newest job. If either side's
 * inputs are unknown, compares file times instead. */
static bool would_repeat(const struct decision_facts *f)
{
	const struct job *j = f->newest;

	if (!same(j->commit, f->tip))
		return false;
	if (j->inputs[0] && f->inputs[0])
		return same(j->inputs, f->inputs);
	/* A rollback writes the image file first, then queues its job. */
	if (same(j->origin, "rollback") || same(j->origin, "undo"))
		return f->changed_ms <= j->created_ms;
	/* One that never started saw nothing, and may be of an earlier binding of the UUID. */
	return !changed_since(f, j->started_ms ? j->started_ms : j->ended_ms);
}

/* A rebuild of tonight (hornero rebuild --spread) brings back no file that is missing now. */
static bool waits_for_its_time(const struct job *j)
{
	return j->state == JOB_QUEUED && j->attempt == 0 && j->not_before_ms > 0 &&
	       same(j->origin, "rebuild");
}

enum decision decision_make(const struct decision_facts *f)
{
	bool satisfied = f->state != WARM_NONE && same(f->warm->made.commit, f->tip) &&
			 f->inputs[0] && same(f->warm->made.inputs, f->inputs) && !f->is_refused;

	if (f->newest && !waits_for_its_time(f->newest)) {
		switch (f->newest->state) {
		case JOB_QUEUED:
			/* The skipped push could not cancel it. A request for a build removes the
			 * record. */
			if (f->is_skipped && !satisfied)
				return DECISION_SKIPPED;
			/* fall through */
		case JOB_RUNNING:
		case JOB_BUILT:
			if (f->newest->state == JOB_QUEUED ? same(f->newest->commit, f->tip)
							   : would_repeat(f))
				return DECISION_UNDERWAY;
			break;
		case JOB_FAILED:
		case JOB_HELD:
		case JOB_CANCELLED:
			if (!satisfied && would_repeat(f))
				return DECISION_FAILED;
			break;
		case JOB_PUBLISHED:
		case JOB_SUPERSEDED:
			break;
		}
	}
	/* If satisfied, a build under way has built the skipped commit all the same. */
	if (f->is_skipped && !satisfied)
		return DECISION_SKIPPED;
	/* Even if a builder has changed meanwhile: the image is wanted no longer. */
	if (f->state == WARM_GONE && f->is_let_go && same(f->warm->made.commit, f->tip))
		return DECISION_LET_GO;
	if (!satisfied)
		return DECISION_BUILD;
	if (f->state == WARM_GONE && f->is_graced)
		return DECISION_GRACE;
	if (f->state != WARM_OK || (f->release_only && f->is_free))
		return DECISION_PUBLISH;
	return f->release_only ? DECISION_RELEASED : DECISION_WARM;
}

const char *decision_name(enum decision d)
{
	static const char *const names[] = {
		[DECISION_WARM] = "warm",          [DECISION_BUILD] = "to build",
		[DECISION_PUBLISH] = "to publish", [DECISION_UNDERWAY] = "under way",
		[DECISION_FAILED] = "failed",      [DECISION_LET_GO] = "let go",
		[DECISION_GRACE] = "gone",         [DECISION_SKIPPED] = "skipped",
		[DECISION_RELEASED] = "released",
	};

	return names[d];
}
