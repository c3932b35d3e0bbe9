/* changed: DIAGNOSTICS: ERR_OPERATOR if the store cannot be written; an invalid record counts as
 * none. */
#include "store/changed.h"

#include "lib/clock.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/record.h"
#include "store/warm.h"

#include <string.h>
#include <unistd.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct changed, image, RECORD_UUID),
	RECORD_FIELD(struct changed, name, RECORD_HEX),
	RECORD_FIELD(struct changed, ino, RECORD_INO),
	RECORD_FIELD(struct changed, born_ns, RECORD_COUNT),
	RECORD_FIELD(struct changed, digest, RECORD_HEX),
	RECORD_FIELD(struct changed, found, RECORD_KEY),
	RECORD_FIELD(struct changed, found_ms, RECORD_TIME),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static char *path_of(const char *store_dir, const char *name)
{
	return fs_path("%s/changed/%s.json", store_dir, name);
}

int changed_note(const char *store_dir, const struct warm *w, const char *found, struct err *e)
{
	/* `hornero init` of an older version did not make it */
	own_free char *dir = fs_path("%s/changed", store_dir);
	own_free char *path = path_of(store_dir, w->name);
	struct changed d = {.ino = w->ino, .born_ns = w->born_ns, .found_ms = clock_wall_ms()};

	memcpy(d.image, w->made.image, sizeof(d.image));
	memcpy(d.name, w->name, sizeof(d.name));
	memcpy(d.digest, w->made.digest, sizeof(d.digest));
	snprintf(d.found, sizeof(d.found), "%s", found);
	if (fs_mkdir_p(dir, 0755, e) < 0)
		return -1;
	return record_save(path, fields, N_FIELDS, &d, e);
}

int changed_load(const char *store_dir, const char *name, struct changed *out, struct err *e)
{
	own_free char *path = path_of(store_dir, name);

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) == 0)
		return 1;
	return e->sys == ENOENT || e->sys == 0 ? 0 : -1;
}

bool changed_stands(const char *store_dir, const struct warm *w)
{
	struct err ignored = ERR_INIT;
	struct changed d;

	return changed_load(store_dir, w->name, &d, &ignored) == 1 && d.ino == w->ino &&
	       d.born_ns == w->born_ns;
}

void changed_clear(const char *store_dir, const char *name)
{
	own_free char *path = path_of(store_dir, name);

	(void)FAILSTEP("changed-unlink", unlink(path));
}
