/* wish: pure. DIAGNOSTICS: none. */
#include "agent/wish.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Nothing that a build could see has changed since that job. A job that does not know its inputs,
 * or never came to know them, is judged by its commit alone. */
static bool would_repeat(const struct wish_facts *f)
{
	const struct job *j = f->newest;

	return same(j->commit, f->tip) && (!j->inputs[0] || !f->inputs[0] || same(j->inputs, f->inputs));
}

/* A running attempt has read the files already, and nobody knows yet what it found there. A file time
 * is as coarse as the kernel's tick; one job too many finds its content known. */
static bool read_before_change(const struct wish_facts *f)
{
	enum { TICK_MS = 20 };

	return f->newest->state == JOB_RUNNING && f->newest->started_ms <= f->changed_ms + TICK_MS;
}

enum wish wish_decide(const struct wish_facts *f)
{
	bool satisfied = f->state != WARM_NONE && same(f->warm->commit, f->tip) && f->inputs[0] &&
			 same(f->warm->inputs, f->inputs);

	if (f->newest) {
		switch (f->newest->state) {
		case JOB_QUEUED:
		case JOB_RUNNING:
		case JOB_BUILT:
			if (would_repeat(f) && !read_before_change(f))
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
	if (!satisfied)
		return WISH_BUILD;
	return f->state == WARM_OK ? WISH_WARM : WISH_PUBLISH;
}

const char *wish_name(enum wish w)
{
	static const char *const names[] = {
		[WISH_WARM] = "warm",           [WISH_BUILD] = "to build",  [WISH_PUBLISH] = "to publish",
		[WISH_UNDERWAY] = "under way",  [WISH_FAILED] = "failed",
	};

	return names[w];
}
