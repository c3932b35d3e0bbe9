/* warm: DIAGNOSTICS: ERR_OPERATOR if the store's or the cache's directory is unusable. A damaged
 * record is only logged, since the next publication writes a new one. */
#include "store/warm.h"

#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/changed.h"
#include "store/record.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const struct record_field fields[] = {
	RECORD_MADE(struct warm, image, RECORD_UUID),
	RECORD_FIELD(struct warm, name, RECORD_HEX),
	RECORD_FIELD(struct warm, ino, RECORD_INO),
	RECORD_FIELD(struct warm, born_ns, RECORD_COUNT),
	RECORD_FIELD(struct warm, size_bytes, RECORD_COUNT),
	RECORD_MADE(struct warm, digest, RECORD_HEX),
	RECORD_MADE(struct warm, key, RECORD_KEY),
	RECORD_MADE(struct warm, commit, RECORD_OID),
	RECORD_MADE(struct warm, tree, RECORD_OID),
	RECORD_MADE(struct warm, inputs, RECORD_KEY),
	RECORD_MADE(struct warm, builder, RECORD_WORD),
	RECORD_MADE(struct warm, job, RECORD_COUNT),
	RECORD_MADE(struct warm, attempt, RECORD_COUNT),
	RECORD_FIELD(struct warm, published_ms, RECORD_TIME),
	RECORD_MADE_OPTIONAL(struct warm, pinned, RECORD_WORD),
	RECORD_OPTIONAL(struct warm, earlier, RECORD_TEXT),
	RECORD_MADE_OPTIONAL(struct warm, repo, RECORD_TEXT),
	RECORD_OPTIONAL(struct warm, refused, RECORD_COUNT),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

bool warm_satisfies(const struct warm *w, const char *commit, const char *pinned)
{
	return strcmp(w->made.commit, commit) == 0 &&
	       strcmp(w->made.pinned, pinned ? pinned : "") == 0;
}

bool warm_earlier(const struct warm *w, int i, char digest[SHA256_HEX + 1])
{
	size_t at = (size_t)i * (SHA256_HEX + 1);

	if (i < 0 || i >= WARM_EARLIER || at >= strlen(w->earlier))
		return false;
	snprintf(digest, SHA256_HEX + 1, "%s", w->earlier + at);
	return sha256_valid(digest);
}

static void add_earlier(struct warm *w, const char *digest)
{
	size_t used = strlen(w->earlier);

	if (strcmp(digest, w->made.digest) != 0 && used + SHA256_HEX + 1 < sizeof(w->earlier))
		snprintf(w->earlier + used, sizeof(w->earlier) - used, "%s%s", used ? " " : "",
			 digest);
}

bool warm_is_of_other(const struct warm *w, const char *repo)
{
	return *w->made.repo && *repo && strcmp(w->made.repo, repo) != 0;
}

void warm_follow(struct warm *w, const struct warm *old)
{
	char digest[SHA256_HEX + 1];

	w->earlier[0] = '\0';
	if (!old || warm_is_of_other(old, w->made.repo))
		return;
	add_earlier(w, old->made.digest);
	for (int i = 0; warm_earlier(old, i, digest); i++)
		add_earlier(w, digest);
}

static char *record_path(const char *store_dir, const char *uuid, struct err *e)
{
	if (!uuid_valid(uuid)) {
		err_set(e, ERR_US, "a warm record needs an image UUID");
		return NULL;
	}
	return fs_path("%s/warm/%s.json", store_dir, uuid);
}

int warm_write(const char *path, const struct warm *w, struct err *e)
{
	return record_save(path, fields, N_FIELDS, w, e);
}

int warm_save(const char *store_dir, const struct warm *w, struct err *e)
{
	own_free char *path = record_path(store_dir, w->made.image, e);

	return path ? warm_write(path, w, e) : -1;
}

int warm_read(const char *path, const char *uuid, struct warm *out, struct err *e)
{
	char quoted[2 * ERR_MSG_MAX];
	struct warm w;

	if (record_load(path, fields, N_FIELDS, &w, sizeof(w), e) < 0) {
		if (e->sys == ENOENT)
			return 0;
		if (e->sys != 0 || e->class == ERR_NOBODY)
			return -1;
		log_warn("event=warm-record-refused image=%s reason=%s", uuid,
			 log_quote(quoted, sizeof(quoted), e->msg));
		return 0;
	}
	if (strcmp(w.made.image, uuid) != 0) {
		log_warn("event=warm-record-refused image=%s reason=\"it is the record of %s\"",
			 uuid, w.made.image);
		return 0;
	}
	*out = w;
	return 1;
}

int warm_load(const char *store_dir, const char *uuid, struct warm *out, struct err *e)
{
	own_free char *path = record_path(store_dir, uuid, e);

	return path ? warm_read(path, uuid, out, e) : -1;
}

static enum warm_state look_at(const char *path, const struct warm *w, int64_t *born_ns,
			       struct err *e)
{
	struct stat st;

	*born_ns = 0;
	if (lstat(path, &st) < 0) {
		if (errno == ENOENT)
			return WARM_GONE;
		err_sys(e, ERR_OPERATOR, "cannot look at %s", path);
		return WARM_NONE;
	}
	*born_ns = fs_born_ns(AT_FDCWD, path);
	if (!S_ISREG(st.st_mode) || st.st_ino != w->ino || st.st_size != w->size_bytes)
		return WARM_FOREIGN;
	return w->born_ns == 0 || w->born_ns == *born_ns ? WARM_OK : WARM_FOREIGN;
}

bool warm_is_newer(const struct warm *a, const struct warm *b)
{
	return a->made.job > b->made.job ||
	       (a->made.job == b->made.job && a->made.attempt > b->made.attempt);
}

int warm_confirm(const char *cache_dir, struct warm *w, struct err *e)
{
	own_free char *path = fs_path("%s/%s", cache_dir, w->name);

	w->born_ns = 0;
	if (look_at(path, w, &w->born_ns, e) != WARM_OK)
		return err_set(e, ERR_NOBODY, "%s was replaced right after its publication", path);
	return 0;
}

enum warm_state warm_state_of(const char *cache_dir, const struct warm *w, struct err *e)
{
	own_free char *path = fs_path("%s/%s", cache_dir, w->name);
	int64_t born_ns;

	return look_at(path, w, &born_ns, e);
}

int warm_look(const char *store_dir, const char *cache_dir, const char *uuid, struct warm *out,
	      enum warm_state *state, struct err *e)
{
	struct warm w;
	int got = warm_load(store_dir, uuid, &w, e);

	if (got < 0)
		return -1;
	*state = WARM_NONE;
	if (got == 0)
		return 0;
	*state = warm_state_of(cache_dir, &w, e);
	if (*state == WARM_NONE)
		return -1;
	if (*state == WARM_OK && changed_stands(store_dir, &w))
		*state = WARM_CHANGED;
	*out = w;
	return 0;
}

const char *warm_state_name(enum warm_state s)
{
	static const char *const names[] = {
		[WARM_NONE] = "none",	    [WARM_OK] = "warm",		[WARM_GONE] = "gone",
		[WARM_FOREIGN] = "foreign", [WARM_CHANGED] = "changed",
	};

	return (size_t)s < sizeof(names) / sizeof(names[0]) ? names[s] : "none";
}
