/* rollout: DIAGNOSTICS: as record. An invalid one is only logged: the next look writes it. */
#include "store/rollout.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "store/record.h"

#include <string.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct rollout, image, RECORD_UUID),
	RECORD_FIELD(struct rollout, release, RECORD_UUID),
	RECORD_FIELD(struct rollout, job, RECORD_COUNT),
	RECORD_FIELD(struct rollout, attempt, RECORD_COUNT),
	RECORD_FIELD(struct rollout, state, RECORD_WORD),
	RECORD_FIELD(struct rollout, busy, RECORD_TEXT),
	RECORD_FIELD(struct rollout, asked, RECORD_TEXT),
	RECORD_FIELD(struct rollout, owed, RECORD_TEXT),
	RECORD_FIELD(struct rollout, total, RECORD_COUNT),
	RECORD_FIELD(struct rollout, moved, RECORD_COUNT),
	RECORD_FIELD(struct rollout, left, RECORD_COUNT),
	RECORD_FIELD(struct rollout, reason, RECORD_TEXT),
	RECORD_FIELD(struct rollout, tries, RECORD_COUNT),
	RECORD_FIELD(struct rollout, since_ms, RECORD_TIME),
	RECORD_FIELD(struct rollout, next_ms, RECORD_TIME),
};
static const char *const states[] = {
	[ROLLOUT_NONE] = "none",       [ROLLOUT_WAITING] = "waiting", [ROLLOUT_RUNNING] = "running",
	[ROLLOUT_REFUSED] = "refused", [ROLLOUT_FAILED] = "failed",   [ROLLOUT_DONE] = "done",
};
enum {
	N_FIELDS = sizeof(fields) / sizeof(fields[0]),
	N_STATES = sizeof(states) / sizeof(states[0]),
};

const char *rollout_state_name(enum rollout_state state)
{
	return states[state];
}

enum rollout_state rollout_state(const struct rollout *r)
{
	for (int i = 0; i < N_STATES; i++)
		if (strcmp(r->state, states[i]) == 0)
			return (enum rollout_state)i;
	return ROLLOUT_NONE;
}

bool rollout_answers(const struct rollout *r, const char *release, int64_t job, int64_t attempt)
{
	return strcmp(r->release, release) == 0 && r->job == job && r->attempt == attempt;
}

bool rollout_id(const char *ids, size_t i, char id[UUID_LEN + 1])
{
	size_t at = i * (UUID_LEN + 1);

	if (strlen(ids) < at + UUID_LEN)
		return false;
	memcpy(id, ids + at, UUID_LEN);
	id[UUID_LEN] = '\0';
	return uuid_valid(id);
}

bool rollout_has(const char *ids, const char *id)
{
	return strstr(ids, id) != NULL;
}

void rollout_add(char ids[ROLLOUT_IDS], const char *id)
{
	size_t len = strlen(ids);

	if (!rollout_has(ids, id) && len + 1 + UUID_LEN < ROLLOUT_IDS)
		snprintf(ids + len, ROLLOUT_IDS - len, "%s%s", len > 0 ? " " : "", id);
}

void rollout_drop(char ids[ROLLOUT_IDS], const char *id)
{
	char kept[ROLLOUT_IDS] = "", each[UUID_LEN + 1];

	for (size_t i = 0; rollout_id(ids, i, each); i++)
		if (strcmp(each, id) != 0)
			rollout_add(kept, each);
	memcpy(ids, kept, ROLLOUT_IDS);
}

int rollout_save(const char *glance_dir, const struct rollout *r, struct err *e)
{
	own_free char *path = fs_path("%s/%s.rollout", glance_dir, r->image);
	struct rollout stored = *r;

	record_plain(stored.reason);
	return record_save(path, fields, N_FIELDS, &stored, e);
}

int rollout_load(const char *glance_dir, const char *image, struct rollout *out, struct err *e)
{
	own_free char *path = fs_path("%s/%s.rollout", glance_dir, image);

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) == 0 &&
	    strcmp(out->image, image) == 0)
		return 1;
	return outbox_unread("rollout", image, e);
}
