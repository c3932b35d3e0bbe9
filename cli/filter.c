/* filter: DIAGNOSTICS: ERR_USAGE names the option's valid values. */
#include "cli/filter.h"

#include <string.h>

/* Finds a state by the first len bytes of its name. Returns false if there is none. */
static bool find_state(const char *name, size_t len, unsigned int *states)
{
	for (int s = 0; s < JOB_STATES; s++) {
		const char *known = job_state_name((enum job_state)s);

		if (strlen(known) == len && strncmp(known, name, len) == 0) {
			*states |= 1U << s;
			return true;
		}
	}
	return false;
}

static int read_states(const char *text, unsigned int *states, struct err *e)
{
	char all[128] = "";
	size_t n = 0;

	for (const char *at = text; at; at = strchr(at, ',')) {
		at += at > text;
		if (find_state(at, strcspn(at, ","), states))
			continue;
		for (int s = 0; s < JOB_STATES; s++)
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", s ? ", " : "",
					      job_state_name((enum job_state)s));
		return err_set(e, ERR_USAGE,
			       "\"%.*s\" is not a state of a job; the states are %s",
			       (int)strcspn(at, ","), at, all);
	}
	return 0;
}

int filter_source(struct filter *f, const struct call *call, const struct names *names,
		  struct err *e)
{
	const char *image = call_option(call, "image");

	*f = (struct filter){.job.repo = call_option(call, "repo")};
	if (!image)
		return 0;
	if (names_find(names, image, f->uuid, e) < 0)
		return -1;
	f->job.image = f->uuid;
	return 0;
}

int filter_read(struct filter *f, const struct call *call, const struct names *names,
		struct err *e)
{
	const char *states = call_option(call, "state");

	if (filter_source(f, call, names, e) < 0)
		return -1;
	f->job.pushed_by = call_option(call, "pushed-by");
	return states ? read_states(states, &f->job.states, e) : 0;
}

bool filter_limits(const struct filter *f)
{
	return f->job.image || f->job.repo || f->job.pushed_by || f->job.states || f->job.age_ms;
}
