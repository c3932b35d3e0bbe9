/* wanted: DIAGNOSTICS: as record. An invalid file counts as none: the next wish replaces it. */
#include "store/wanted.h"

#include "lib/alone.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/record.h"

#include <fcntl.h>
#include <string.h>

static const struct record_field wishes[] = {
	RECORD_FIELD(struct wanted, image, RECORD_UUID),
	RECORD_FIELD(struct wanted, job, RECORD_COUNT),
	RECORD_FIELD(struct wanted, attempt, RECORD_COUNT),
	RECORD_FIELD(struct wanted, turn, RECORD_COUNT),
	RECORD_FIELD(struct wanted, key, RECORD_HEX),
	RECORD_FIELD(struct wanted, commit, RECORD_OID),
	RECORD_FIELD(struct wanted, builder_file, RECORD_HEX),
	RECORD_FIELD(struct wanted, toolchain, RECORD_HEX),
	RECORD_FIELD(struct wanted, project, RECORD_WORD),
};
static const struct record_field answers[] = {
	RECORD_FIELD(struct shared, image, RECORD_UUID),
	RECORD_FIELD(struct shared, job, RECORD_COUNT),
	RECORD_FIELD(struct shared, attempt, RECORD_COUNT),
	RECORD_FIELD(struct shared, turn, RECORD_COUNT),
	RECORD_FIELD(struct shared, state, RECORD_WORD),
	RECORD_FIELD(struct shared, digest, RECORD_KEY),
	RECORD_FIELD(struct shared, size_bytes, RECORD_COUNT),
	RECORD_FIELD(struct shared, from, RECORD_TEXT),
	RECORD_FIELD(struct shared, reason, RECORD_TEXT),
};
enum {
	N_WISHES = sizeof(wishes) / sizeof(wishes[0]),
	N_ANSWERS = sizeof(answers) / sizeof(answers[0]),
	LOCK_MS = 1000, /* wanted_is_alive() has it for a moment */
};

static char *path_of(const char *store_dir, const char *image, const char *ending)
{
	return fs_path("%s/wanted/%s.%s", store_dir, image, ending);
}

int wanted_lock(const char *store_dir, const char *image, struct err *e)
{
	own_free char *dir = fs_path("%s/wanted", store_dir);
	own_free char *path = path_of(store_dir, image, "lock");
	own_fd int fd = -1;
	int held;

	if (fs_mkdir_p(dir, 0755, e) < 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || fchmod(fd, 0644) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s", path);
	held = fs_flock(fd, LOCK_MS, e);
	if (held <= 0)
		return held < 0 ? -1
				: err_set(e, ERR_NOBODY, "another process holds %s", path);
	return steal_fd(&fd);
}

bool wanted_is_alive(const char *store_dir, const char *image)
{
	own_free char *path = path_of(store_dir, image, "lock");
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct err ignored = ERR_INIT;

	return fd >= 0 && fs_flock_shared(fd, 0, &ignored) == 0;
}

int wanted_put(const char *store_dir, const struct wanted *w, struct err *e)
{
	own_free char *path = path_of(store_dir, w->image, "json");

	return record_save(path, wishes, N_WISHES, w, e);
}

/* As the functions that call it. */
static int loaded(int rc, const struct err *e)
{
	if (rc == 0)
		return 1;
	return e->sys == ENOENT || (e->sys == 0 && e->class == ERR_OPERATOR) ? 0 : -1;
}

int wanted_get(const char *store_dir, const char *image, struct wanted *out, struct err *e)
{
	own_free char *path = path_of(store_dir, image, "json");
	int rc = loaded(record_load(path, wishes, N_WISHES, out, sizeof(*out), e), e);

	return rc == 1 && strcmp(out->image, image) != 0 ? 0 : rc;
}

void wanted_remove(const char *store_dir, const char *image)
{
	own_free char *path = path_of(store_dir, image, "json");

	FAILSTEP("wanted-unlink", unlink(path));
}

int wanted_each(const char *store_dir, int (*fn)(void *arg, const struct wanted *w), void *arg,
		struct err *e)
{
	own_free char *path = fs_path("%s/wanted", store_dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;
	int rc = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", path);
	while (rc == 0 && (entry = readdir(d))) {
		char image[UUID_LEN + 1];
		struct wanted w;

		snprintf(image, sizeof(image), "%.*s", UUID_LEN, entry->d_name);
		if (strlen(entry->d_name) != UUID_LEN + strlen(".json") || !uuid_valid(image) ||
		    strcmp(entry->d_name + UUID_LEN, ".json") != 0 ||
		    !wanted_is_alive(store_dir, image))
			continue;
		rc = wanted_get(store_dir, image, &w, e);
		rc = rc == 1 ? fn(arg, &w) : rc;
	}
	return rc;
}

char *shared_dir(const char *glance_dir)
{
	return fs_path("%s/shared", glance_dir);
}

char *shared_bytes(const char *glance_dir, const char *image)
{
	return fs_path("%s/shared/%s.raw", glance_dir, image);
}

int shared_put(const char *glance_dir, const struct shared *s, struct err *e)
{
	own_free char *path = fs_path("%s/shared/%s.json", glance_dir, s->image);
	struct shared stored = *s;

	record_plain(stored.from);
	record_plain(stored.reason);
	return record_save(path, answers, N_ANSWERS, &stored, e);
}

int shared_get(const char *glance_dir, const char *image, struct shared *out, struct err *e)
{
	own_free char *path = fs_path("%s/shared/%s.json", glance_dir, image);
	int rc = loaded(record_load(path, answers, N_ANSWERS, out, sizeof(*out), e), e);

	return rc == 1 && strcmp(out->image, image) != 0 ? 0 : rc;
}

bool shared_answers(const struct shared *s, const struct wanted *w)
{
	return strcmp(s->image, w->image) == 0 && s->job == w->job && s->attempt == w->attempt &&
	       s->turn == w->turn;
}

bool shared_is_served(const char *glance_dir)
{
	own_free char *dir = shared_dir(glance_dir);

	return alone_is_taken(dir) == 1;
}
