/* traits: DIAGNOSTICS: as record. An invalid one is only logged: the next look writes it. */
#include "store/traits.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/outbox.h"
#include "store/record.h"

#include <ctype.h>
#include <string.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct traits, provider, RECORD_WORD),
	RECORD_FIELD(struct traits, state, RECORD_WORD),
	RECORD_FIELD(struct traits, reason, RECORD_TEXT),
	RECORD_FIELD(struct traits, count, RECORD_COUNT),
	RECORD_FIELD(struct traits, since_ms, RECORD_TIME),
	RECORD_FIELD(struct traits, next_ms, RECORD_TIME),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

void trait_of(const char *uuid, char out[TRAIT_LEN + 1])
{
	snprintf(out, TRAIT_LEN + 1, TRAIT_PREFIX "%s", uuid);
	for (char *c = out; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

static char *path_of(const char *glance_dir)
{
	return fs_path("%s/placement.json", glance_dir);
}

int traits_save(const char *glance_dir, const struct traits *t, struct err *e)
{
	own_free char *path = path_of(glance_dir);
	struct traits stored = *t;

	record_plain(stored.reason);
	return record_save(path, fields, N_FIELDS, &stored, e);
}

int traits_load(const char *glance_dir, struct traits *out, struct err *e)
{
	own_free char *path = path_of(glance_dir);

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) == 0)
		return 1;
	return outbox_unread("file", "placement.json", e);
}

int traits_remove(const char *glance_dir, struct err *e)
{
	own_free char *path = path_of(glance_dir);

	return FAILSTEP("traits-unlink", unlink(path)) < 0 && errno != ENOENT
		       ? err_sys(e, ERR_OPERATOR, "cannot remove %s", path)
		       : 0;
}
