/* scrubbed: DIAGNOSTICS: as record.h. */
#include "store/scrubbed.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "store/record.h"

#include <fcntl.h>
#include <sys/stat.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct scrubbed, started_ms, RECORD_TIME),
	RECORD_FIELD(struct scrubbed, finished_ms, RECORD_TIME),
	RECORD_FIELD(struct scrubbed, at, RECORD_WORD),
	RECORD_FIELD(struct scrubbed, looked, RECORD_COUNT),
	RECORD_FIELD(struct scrubbed, changed, RECORD_COUNT),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

int scrubbed_load(const char *store_dir, struct scrubbed *out, struct err *e)
{
	own_free char *path = fs_path("%s/scrub.json", store_dir);

	*out = (struct scrubbed){0};
	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) == 0)
		return 0;
	return e->sys == ENOENT || (e->class == ERR_OPERATOR && e->sys == 0) ? 0 : -1;
}

int scrubbed_save(const char *store_dir, const struct scrubbed *s, struct err *e)
{
	own_free char *path = fs_path("%s/scrub.json", store_dir);

	return record_save(path, fields, N_FIELDS, s, e);
}

void scrubbed_beat(const char *store_dir)
{
	own_free char *path = fs_path("%s/scrub.json", store_dir);

	(void)utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

int64_t scrubbed_beat_ns(const char *store_dir)
{
	own_free char *path = fs_path("%s/scrub.json", store_dir);
	struct stat st;

	return lstat(path, &st) < 0 ? 0
				    : (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}
