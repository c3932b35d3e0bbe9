/* mirrored: DIAGNOSTICS: as record. An invalid one is only logged: the next try writes it. */
#include "store/mirrored.h"

#include "lib/log.h"
#include "store/record.h"

#include <errno.h>
#include <string.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct mirrored, url, RECORD_TEXT),
	RECORD_FIELD(struct mirrored, state, RECORD_WORD),
	RECORD_FIELD(struct mirrored, reason, RECORD_TEXT),
	RECORD_FIELD(struct mirrored, rewound, RECORD_TEXT),
	RECORD_FIELD(struct mirrored, said, RECORD_TEXT),
	RECORD_FIELD(struct mirrored, wish, RECORD_COUNT),
	RECORD_FIELD(struct mirrored, changed, RECORD_COUNT),
	RECORD_FIELD(struct mirrored, at_ms, RECORD_TIME),
	RECORD_FIELD(struct mirrored, current_ms, RECORD_TIME),
	RECORD_FIELD(struct mirrored, changed_ms, RECORD_TIME),
};
static const char *const states[] = {
	[MIRRORED_NONE] = "none",           [MIRRORED_CURRENT] = "current",
	[MIRRORED_UNREACHABLE] = "unreachable", [MIRRORED_UNTRUSTED] = "untrusted",
	[MIRRORED_DENIED] = "denied",       [MIRRORED_MISSING] = "missing",
	[MIRRORED_EMPTY] = "empty",         [MIRRORED_LIMIT] = "limit",
	[MIRRORED_REFUSED] = "refused",     [MIRRORED_FAILED] = "failed",
};
enum {
	N_FIELDS = sizeof(fields) / sizeof(fields[0]),
	N_STATES = sizeof(states) / sizeof(states[0]),
};

const char *mirrored_state_name(enum mirrored_state state)
{
	return states[state];
}

enum mirrored_state mirrored_state(const struct mirrored *m, const char *url)
{
	for (int i = 0; i < N_STATES && strcmp(m->url, url) == 0; i++)
		if (strcmp(m->state, states[i]) == 0)
			return (enum mirrored_state)i;
	return MIRRORED_NONE;
}

int mirrored_save(const char *path, const struct mirrored *m, struct err *e)
{
	struct mirrored stored = *m;

	record_plain(stored.reason);
	record_plain(stored.rewound);
	record_plain(stored.said);
	return record_save(path, fields, N_FIELDS, &stored, e);
}

int mirrored_load(const char *path, struct mirrored *out, struct err *e)
{
	char quoted[2 * ERR_MSG_MAX];

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) == 0)
		return 0;
	memset(out, 0, sizeof(*out));
	if (e->sys == ENOENT)
		return 0;
	if (e->sys != 0 || e->class == ERR_NOBODY)
		return -1;
	log_warn("event=mirrored-refused reason=%s", log_quote(quoted, sizeof(quoted), e->msg));
	return 0;
}
