/* notified: DIAGNOSTICS: as record. An invalid one is only logged: the next try writes it. */
#include "store/notified.h"

#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/record.h"

#include <string.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct notified, image, RECORD_UUID),
	RECORD_FIELD(struct notified, job, RECORD_COUNT),
	RECORD_FIELD(struct notified, attempt, RECORD_COUNT),
	RECORD_FIELD(struct notified, state, RECORD_WORD),
	RECORD_FIELD(struct notified, program, RECORD_WORD),
	RECORD_FIELD(struct notified, reason, RECORD_TEXT),
	RECORD_FIELD(struct notified, tries, RECORD_COUNT),
	RECORD_FIELD(struct notified, since_ms, RECORD_TIME),
	RECORD_FIELD(struct notified, next_ms, RECORD_TIME),
};
static const char *const states[] = {
	[NOTIFIED_NONE] = "none",
	[NOTIFIED_FAILED] = "failed",
	[NOTIFIED_DONE] = "done",
};
enum {
	N_FIELDS = sizeof(fields) / sizeof(fields[0]),
	N_STATES = sizeof(states) / sizeof(states[0]),
};

const char *notified_state_name(enum notified_state state)
{
	return states[state];
}

enum notified_state notified_state(const struct notified *n, const struct warm *published)
{
	if (n->job != published->made.job || n->attempt != published->made.attempt)
		return NOTIFIED_NONE;
	for (int i = 0; i < N_STATES; i++)
		if (strcmp(n->state, states[i]) == 0)
			return (enum notified_state)i;
	return NOTIFIED_NONE;
}

int notified_save(const char *notify_dir, const struct notified *n, struct err *e)
{
	own_free char *path = fs_path("%s/%s.json", notify_dir, n->image);
	struct notified stored = *n;

	for (char *c = stored.reason; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return record_save(path, fields, N_FIELDS, &stored, e);
}

int notified_load(const char *notify_dir, const char *image, struct notified *out, struct err *e)
{
	own_free char *path = fs_path("%s/%s.json", notify_dir, image);
	char quoted[2 * ERR_MSG_MAX];

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) == 0 &&
	    strcmp(out->image, image) == 0)
		return 1;
	if (e->sys == ENOENT)
		return 0;
	if (e->sys != 0 || e->class == ERR_NOBODY)
		return -1;
	log_warn("event=notified-refused image=%s reason=%s", image,
		 log_quote(quoted, sizeof(quoted), e->msg));
	return 0;
}
