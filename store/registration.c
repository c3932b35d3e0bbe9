/* registration: DIAGNOSTICS: as record. An invalid one is only logged: the next try writes it. */
#include "store/registration.h"

#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/record.h"

#include <string.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct registration, release, RECORD_UUID),
	RECORD_FIELD(struct registration, image, RECORD_UUID),
	RECORD_FIELD(struct registration, digest, RECORD_KEY),
	RECORD_FIELD(struct registration, job, RECORD_COUNT),
	RECORD_FIELD(struct registration, attempt, RECORD_COUNT),
	RECORD_FIELD(struct registration, state, RECORD_WORD),
	RECORD_FIELD(struct registration, method, RECORD_WORD),
	RECORD_FIELD(struct registration, passed, RECORD_WORD),
	RECORD_FIELD(struct registration, reason, RECORD_TEXT),
	RECORD_FIELD(struct registration, tries, RECORD_COUNT),
	RECORD_FIELD(struct registration, since_ms, RECORD_TIME),
	RECORD_FIELD(struct registration, next_ms, RECORD_TIME),
};
static const char *const states[] = {
	[REGISTRATION_NONE] = "none",
	[REGISTRATION_WAITING] = "waiting",
	[REGISTRATION_HELD] = "held",
	[REGISTRATION_REFUSED] = "refused",
	[REGISTRATION_REGISTERED] = "registered",
	[REGISTRATION_MADE] = "made",
	[REGISTRATION_RETIRED] = "retired",
};
enum {
	N_FIELDS = sizeof(fields) / sizeof(fields[0]),
	N_STATES = sizeof(states) / sizeof(states[0]),
};

const char *registration_state_name(enum registration_state state)
{
	return states[state];
}

enum registration_state registration_state(const struct registration *r)
{
	for (int i = 0; i < N_STATES; i++)
		if (strcmp(r->state, states[i]) == 0)
			return (enum registration_state)i;
	return REGISTRATION_NONE;
}

bool registration_answers(const struct registration *r, const struct outgoing *o)
{
	return strcmp(r->release, o->release) == 0 && r->job == o->job && r->attempt == o->attempt;
}

int registration_save(const char *glance_dir, const struct registration *r, struct err *e)
{
	own_free char *path = fs_path("%s/%s.json", glance_dir, r->release);
	struct registration stored = *r;

	record_plain(stored.reason);
	return record_save(path, fields, N_FIELDS, &stored, e);
}

int registration_load(const char *glance_dir, const char *release, struct registration *out,
		      struct err *e)
{
	own_free char *path = fs_path("%s/%s.json", glance_dir, release);
	char quoted[2 * ERR_MSG_MAX];

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) == 0 &&
	    strcmp(out->release, release) == 0)
		return 1;
	if (e->sys == ENOENT)
		return 0;
	if (e->sys != 0 || e->class == ERR_NOBODY)
		return -1;
	log_warn("event=registration-refused release=%s reason=%s", release,
		 log_quote(quoted, sizeof(quoted), e->msg));
	return 0;
}
