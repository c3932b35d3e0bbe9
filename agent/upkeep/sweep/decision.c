/* wish: pure. DIAGNOSTICS: none. */
#include "agent/upkeep/sweep/decision.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* File times are as coarse as the kernel's tick. A job too many does no harm: its content is known.
 */
static bool changed_since(const struct wish_facts *f, int64_t when_ms)
{
	enum { TICK_MS = 20 };

	return when_ms <= f->changed_ms + TICK_MS;
}

/* Returns true if nothing that a build could see has changed since the newest job. If either side's
 * inputs are unknown, compares file times instead. */
static bool would_repeat(const struct wish_facts *f)
{
	const struct job *j = f->newest;

	if (!same(j->commit, f->tip))
		return false;
	if (j->inputs[0] && f->inputs[0])
		return same(j->inputs, f->inputs);
	/* A rollback writes the image file first, then queues its job. */
	if (same(j->origin, "rollback") || same(j->origin, "undo"))
		return f->changed_ms <= j->created_ms;
	return j->started_ms == 0 || !changed_since(f, j->started_ms);
}

enum wish wish_decide(const struct wish_facts *f)
{
	bool satisfied = f->state != WARM_NONE && same(f->warm->commit, f->tip) && f->inputs[0] &&
			 same(f->warm->inputs, f->inputs) && !f->is_refused;

	if (f->newest) {
		switch (f->newest->state) {
		case JOB_QUEUED:
			/* The skipped push could not cancel it. A request for a build removes the
			 * record. */
			if (f->is_skipped && !satisfied)
				return WISH_SKIPPED;
			/* fall through */
		case JOB_RUNNING:
		case JOB_BUILT:
			if (f->newest->state == JOB_QUEUED ? same(f->newest->commit, f->tip)
							   : would_repeat(f))
				return WISH_UNDERWAY;
			break;
		case JOB_FAILED:
		case JOB_HELD:
		case JOB_CANCELLED:
			if (!satisfied && would_repeat(f))
				return WISH_FAILED;
			break;
		case JOB_PUBLISHED:
		case JOB_SUPERSEDED:
			break;
		}
	}
	/* If satisfied, a build under way has built the skipped commit all the same. */
	if (f->is_skipped && !satisfied)
		return WISH_SKIPPED;
	/* Even if a builder has changed meanwhile: the image is wanted no longer. */
	if (f->state == WARM_GONE && f->is_let_go && same(f->warm->commit, f->tip))
		return WISH_LET_GO;
	if (!satisfied)
		return WISH_BUILD;
	if (f->state == WARM_GONE && f->is_graced)
		return WISH_GRACE;
	if (f->state != WARM_OK || (f->release_only && f->is_free))
		return WISH_PUBLISH;
	return f->release_only ? WISH_RELEASED : WISH_WARM;
}

const char *wish_name(enum wish w)
{
	static const char *const names[] = {
		[WISH_WARM] = "warm",          [WISH_BUILD] = "to build",
		[WISH_PUBLISH] = "to publish", [WISH_UNDERWAY] = "under way",
		[WISH_FAILED] = "failed",      [WISH_LET_GO] = "let go",
		[WISH_GRACE] = "gone",         [WISH_SKIPPED] = "skipped",
		[WISH_RELEASED] = "released",
	};

	return names[w];
}
