/* kept: DIAGNOSTICS: as record; a damaged record is only logged, since the next pass writes a new
 * one. */
#include "store/kept.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/nova.h"
#include "store/record.h"

#include <fcntl.h>
#include <string.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct kept, image, RECORD_UUID),
	RECORD_FIELD(struct kept, digest, RECORD_HEX),
	RECORD_FIELD(struct kept, commit, RECORD_OID),
	RECORD_FIELD(struct kept, ino, RECORD_INO),
	RECORD_FIELD(struct kept, born_ns, RECORD_COUNT),
	RECORD_FIELD(struct kept, used_ms, RECORD_TIME),
	RECORD_FIELD(struct kept, touched_ns, RECORD_TIME),
	RECORD_FIELD(struct kept, touched_before_ns, RECORD_TIME),
	RECORD_FIELD(struct kept, gone_ms, RECORD_COUNT),
	RECORD_OPTIONAL(struct kept, free_ms, RECORD_COUNT),
	RECORD_OPTIONAL(struct kept, evicted, RECORD_TEXT),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static const int64_t MS_NS = 1000000;

int kept_lock(const char *store_dir, struct err *e)
{
	enum { WAIT_MS = 10000 };
	own_free char *path = fs_path("%s/kept", store_dir);
	own_fd int fd = fs_open_dir(AT_FDCWD, path, e);
	int held = fd < 0 ? -1 : fs_flock(fd, WAIT_MS, e);

	if (held <= 0)
		return held < 0 ? -1
				: err_set(e, ERR_NOBODY, "another process holds the lock %s", path);
	return steal_fd(&fd);
}

int kept_note_evicted(const struct steady *clock, const char *store_dir, const char *uuid,
		      int64_t used_ms, int64_t now_ms, const char *why, struct err *e)
{
	own_fd int lock = kept_lock(store_dir, e);
	struct kept k = {0};
	struct warm w;
	int known = lock < 0 ? -1 : warm_load(store_dir, uuid, &w, e);

	if (known <= 0 || kept_load(clock, store_dir, uuid, &k, e) < 0)
		return known == 0 ? 0 : -1;
	kept_learn(clock, &k, &w, 0);
	if (used_ms > k.used_ms)
		k.used_ms = used_ms;
	k.gone_ms = now_ms;
	snprintf(k.evicted, sizeof(k.evicted), "%s", why);
	return kept_save(clock, store_dir, &k, e);
}

int kept_save(const struct steady *clock, const char *store_dir, const struct kept *k,
	      struct err *e)
{
	own_free char *path = fs_path("%s/kept/%s.json", store_dir, k->image);
	struct kept stored = *k;

	stored.used_ms = steady_store_ms(clock, k->used_ms);
	stored.gone_ms = steady_store_ms(clock, k->gone_ms);
	stored.free_ms = steady_store_ms(clock, k->free_ms);
	return record_save(path, fields, N_FIELDS, &stored, e);
}

int kept_load(const struct steady *clock, const char *store_dir, const char *uuid, struct kept *out,
	      struct err *e)
{
	own_free char *path = fs_path("%s/kept/%s.json", store_dir, uuid);
	char quoted[2 * ERR_MSG_MAX];

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) == 0) {
		out->used_ms = steady_present_ms(clock, out->used_ms);
		out->gone_ms = steady_present_ms(clock, out->gone_ms);
		out->free_ms = steady_present_ms(clock, out->free_ms);
		return 1;
	}
	if (e->sys == ENOENT)
		return 0;
	if (e->sys != 0 || e->class == ERR_NOBODY)
		return -1;
	log_warn("event=kept-record-refused image=%s reason=%s", uuid,
		 log_quote(quoted, sizeof(quoted), e->msg));
	return 0;
}

static bool is_same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

void kept_learn(const struct steady *clock, struct kept *k, const struct warm *w, int64_t mtime_ns)
{
	int64_t published_ms = steady_present_ms(clock, w->published_ms);
	int64_t mtime_ms = steady_present_of_wall_ms(clock, mtime_ns / MS_NS);

	if (!is_same(k->digest, w->made.digest) || !is_same(k->commit, w->made.commit)) {
		*k = (struct kept){.ino = w->ino, .born_ns = w->born_ns, .used_ms = published_ms};
		memcpy(k->image, w->made.image, sizeof(k->image));
		memcpy(k->digest, w->made.digest, sizeof(k->digest));
		memcpy(k->commit, w->made.commit, sizeof(k->commit));
	}
	if (k->ino != w->ino || k->born_ns != w->born_ns) {
		k->ino = w->ino;
		k->born_ns = w->born_ns;
		k->touched_ns = k->touched_before_ns = 0;
		k->gone_ms = 0;
		k->evicted[0] = '\0';
	}
	if (mtime_ns == 0)
		return;
	k->gone_ms = 0;
	k->evicted[0] = '\0';
	/* If the mtime is older than the record of the publication, the publication set it. */
	if (mtime_ns == k->touched_ns || mtime_ns == k->touched_before_ns ||
	    mtime_ms <= published_ms)
		return;
	if (mtime_ms > k->used_ms)
		k->used_ms = mtime_ms;
}

int kept_remove(const char *store_dir, const char *uuid, struct err *e)
{
	own_free char *path = fs_path("%s/kept/%s.json", store_dir, uuid);

	return FAILSTEP("kept-unlink", unlink(path)) == 0 || errno == ENOENT
		       ? 0
		       : err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
}

int kept_of_release(const struct steady *clock, const char *store_dir, const struct warm *release,
		    int64_t mtime_ns, struct kept *out, struct err *e)
{
	struct kept k = {0}, image = {0};
	struct warm w = *release;

	if (nova_release(release->made.image, release->made.digest, w.made.image, e) < 0 ||
	    kept_load(clock, store_dir, w.made.image, &k, e) < 0 ||
	    kept_load(clock, store_dir, release->made.image, &image, e) < 0)
		return -1;
	kept_learn(clock, &k, &w, mtime_ns);
	if (is_same(image.digest, k.digest) && image.used_ms > k.used_ms)
		k.used_ms = image.used_ms;
	*out = k;
	return 0;
}

int64_t kept_until_ms(const struct kept *k, int64_t keep_s)
{
	return keep_s == KEPT_ALWAYS ? INT64_MAX : k->used_ms + keep_s * 1000;
}

int64_t kept_touch_ns(const struct kept *k, int64_t keep_s, int64_t age_s, int64_t mtime_ns,
		      int64_t now_ms)
{
	int64_t until_ms = kept_until_ms(k, keep_s);
	int64_t want_ms = now_ms;

	if (keep_s == 0 || until_ms <= now_ms || mtime_ns / MS_NS > now_ms - age_s * 500)
		return 0;
	if (keep_s != KEPT_ALWAYS && until_ms - age_s * 1000 < now_ms)
		want_ms = until_ms - age_s * 1000;
	return want_ms > mtime_ns / MS_NS ? want_ms * MS_NS : 0;
}

int64_t kept_safe_until_ms(const struct kept *k, const struct warm *w, int64_t age_s)
{
	int64_t last_ms = w->published_ms > k->used_ms ? w->published_ms : k->used_ms;

	if (k->touched_ns / MS_NS > last_ms)
		last_ms = k->touched_ns / MS_NS;
	return last_ms + age_s * 1000;
}
