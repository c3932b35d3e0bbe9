/* outcome: pure. DIAGNOSTICS: none. */
#include "cli/outcome.h"

#include "cli/sentence.h"

const char *outcome_waits(const struct job *j, const struct standstill *s)
{
	if (s->kind != WAITING_NOTHING)
		return s->text;
	return j->state == JOB_BUILT ? j->waiting_for : j->state == JOB_QUEUED ? j->reason : "";
}

int outcome_code(const struct job *j, const struct standstill *s)
{
	switch (j->state) {
	case JOB_PUBLISHED:
		return 0;
	case JOB_FAILED:
	case JOB_SUPERSEDED:
	case JOB_CANCELLED:
		return 1;
	case JOB_HELD:
		return 75;
	case JOB_BUILT:
		return !*j->waiting_for || waiting_entry(job_waits(j))->is_brief ? -1 : 75;
	case JOB_QUEUED:
	case JOB_RUNNING:
		return waiting_entry(s->kind)->is_brief ? -1 : 75;
	}
	return -1;
}
