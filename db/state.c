/* state: the states of a job. Pure. DIAGNOSTICS: none. */
#include "db/inner.h"

#include <string.h>

static const struct job_state_entry entries[] = {
	[JOB_QUEUED] = {"queued", false, false,
		"Waits for a worker, for another job of its image, or for its next attempt."},
	[JOB_RUNNING] = {"running", false, false, "Is being built."},
	[JOB_BUILT] = {"built", false, false, "Waits for its publication; waiting_for says why."},
	[JOB_PUBLISHED] = {"published", true, false,
		"The image is warm with it. If the reason says so, under its release alone."},
	[JOB_FAILED] = {"failed", true, true,
		"The build of the pushed commit failed. The next push may change that."},
	[JOB_HELD] = {"held", false, true,
		"Waits for an operator: mend what the reason names, then run hornero retry."},
	[JOB_SUPERSEDED] = {"superseded", true, false, "A newer job of the image took its place."},
	[JOB_CANCELLED] = {"cancelled", true, true, "A user cancelled it."},
	[JOB_STATES] = {"unknown", false, false, ""},
};

const struct job_state_entry *job_state_entry(enum job_state s)
{
	return &entries[(unsigned int)s < JOB_STATES ? (unsigned int)s : JOB_STATES];
}

bool job_state_parse(const char *name, enum job_state *s)
{
	for (int i = 0; i < JOB_STATES; i++)
		if (strcmp(entries[i].name, name) == 0) {
			*s = (enum job_state)i;
			return true;
		}
	return false;
}
