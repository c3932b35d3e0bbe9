/* auditcursor: DIAGNOSTICS: as record. */
#include "store/auditcursor.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/record.h"

static const struct record_field fields[] = {
	RECORD_FIELD(struct auditcursor, n, RECORD_COUNT),
	RECORD_FIELD(struct auditcursor, file, RECORD_WORD),
	RECORD_FIELD(struct auditcursor, start, RECORD_COUNT),
	RECORD_FIELD(struct auditcursor, sha256, RECORD_KEY),
	RECORD_FIELD(struct auditcursor, state, RECORD_WORD),
	RECORD_FIELD(struct auditcursor, trying, RECORD_KEY),
	RECORD_FIELD(struct auditcursor, program, RECORD_WORD),
	RECORD_FIELD(struct auditcursor, reason, RECORD_TEXT),
	RECORD_FIELD(struct auditcursor, tries, RECORD_COUNT),
	RECORD_FIELD(struct auditcursor, since_ms, RECORD_TIME),
	RECORD_FIELD(struct auditcursor, next_ms, RECORD_TIME),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static char *path_of(const char *notify_dir)
{
	return fs_path("%s/audit.json", notify_dir);
}

int auditcursor_save(const char *notify_dir, const struct auditcursor *c, struct err *e)
{
	own_free char *path = path_of(notify_dir);
	struct auditcursor stored = *c;

	record_plain(stored.reason);
	return record_save(path, fields, N_FIELDS, &stored, e);
}

int auditcursor_load(const char *notify_dir, struct auditcursor *out, struct err *e)
{
	own_free char *path = path_of(notify_dir);

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) == 0)
		return 1;
	return e->sys == ENOENT ? 0 : -1;
}

int auditcursor_remove(const char *notify_dir, struct err *e)
{
	own_free char *path = path_of(notify_dir);

	if (FAILSTEP("auditcursor-unlink", unlink(path)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	return 0;
}
