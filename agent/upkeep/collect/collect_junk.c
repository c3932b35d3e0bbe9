/* collect_junk: removes files that nothing refers to. It recognizes them by the pattern of their
 * names; other files stay.
 * DIAGNOSTICS: ERR_OPERATOR if a directory is not readable or not writable. */
#include "agent/upkeep/collect/collect.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/placed.h"
#include "store/registration.h"
#include "store/store.h"

#include <fcntl.h>
#include <string.h>

enum {
	STAGING_S = 3600,            /* temporary files, new records: no writer takes that long */
	STAGE_S = 14 * 24 * 3600,  /* build_timeout is at most a week */
	REFUSED_S = 7 * 24 * 3600, /* time for users to examine it */
};

/* A directory of the store, and a function that returns why a file in it is junk, or NULL. */
struct corner {
	const char *dir, *what; /* if `what` is NULL, removals are not reported */
	const char *(*why)(const struct collect *c, int dir, const char *name, int64_t age_s);
	bool may_lack; /* the directory may be missing */
};

static bool ends_with(const char *name, const char *ending)
{
	size_t len = strlen(name), tail = strlen(ending);

	return len > tail && strcmp(name + len - tail, ending) == 0;
}

static const char *why_staging(const char *name, int64_t age_s)
{
	return name[0] == '.' && ends_with(name, ".tmp") && age_s > STAGING_S
		       ? "the process that wrote it is gone"
		       : NULL;
}

static bool has_manifest(int dir, const char *digest)
{
	own_free char *manifest = fs_path("%s.json", digest);

	return faccessat(dir, manifest, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static const char *why_orphan(const struct collect *c, int dir, const char *name, int64_t age_s)
{
	char digest[SHA256_HEX + 1];

	(void)c;
	(void)age_s;
	if (inventory_digest_of(name, ".raw", digest) && !has_manifest(dir, digest))
		return "it has no manifest";
	if (inventory_digest_of(name, ".json", digest)) {
		own_free char *raw = fs_path("%s.raw", digest);

		return faccessat(dir, raw, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT
			       ? "its artifact is missing"
			       : NULL;
	}
	return NULL;
}

static const char *why_in_artifact(const struct collect *c, int dir, const char *name,
				   int64_t age_s)
{
	char digest[SHA256_HEX + 1];

	(void)c;
	(void)dir;
	if (inventory_digest_of(name, ".gone", digest))
		return "it is no longer used";
	if (inventory_digest_of(name, ".refused", digest) && age_s > REFUSED_S)
		return "it was refused more than a week ago";
	return why_staging(name, age_s);
}

static const char *why_answer(const struct collect *c, const char *digest)
{
	own_free char *manifest = fs_path("%s/artifact/%s.json", c->conf->store_dir, digest);

	if (!sha256_valid(digest))
		return "it does not name an artifact";
	return access(manifest, F_OK) < 0 && errno == ENOENT ? "its artifact is missing" : NULL;
}

static const char *why_clean(const struct collect *c, int dir, const char *name, int64_t age_s)
{
	own_free char *line = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	if (!sha256_valid(name))
		return why_staging(name, age_s);
	if (fs_read(dir, name, SHA256_HEX + 1, &line, &len, &ignored) < 0)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return why_answer(c, line);
}

static const char *why_own(const struct collect *c, int dir, const char *name, int64_t age_s)
{
	char digest[SHA256_HEX + 1];

	if (!sha256_valid(name))
		return why_staging(name, age_s);
	return answer_digest_at(dir, name, digest) ? why_answer(c, digest) : NULL;
}

/* Older versions of hornero did not record which image had built the artifact of a key. */
static const char *why_old_key(const struct collect *c, int dir, const char *name, int64_t age_s)
{
	(void)c;
	(void)dir;
	(void)age_s;
	return sha256_valid(name) ? "the image that built it was not recorded" : NULL;
}

static const char *why_staged(const struct collect *c, int dir, const char *name, int64_t age_s)
{
	(void)c;
	(void)dir;
	return ends_with(name, ".raw") && age_s > STAGE_S ? "its attempt is over" : NULL;
}

static bool is_of_removed_image(const struct collect *c, const char *name, char uuid[UUID_LEN + 1])
{
	if (strlen(name) != UUID_LEN + strlen(".json"))
		return false;
	memcpy(uuid, name, UUID_LEN);
	uuid[UUID_LEN] = '\0';
	return ends_with(name, ".json") && uuid_valid(uuid) && !collect_is_registered(c, uuid);
}

/* hornero-keep removes its records of releases itself. */
static bool is_release(const struct collect *c, const char *uuid)
{
	for (size_t i = 0; i < c->nimages; i++)
		if (placed_is_recorded(c->conf->store_dir, c->images[i].uuid, uuid))
			return true;
	return false;
}

static const char *why_kept(const struct collect *c, int dir, const char *name, int64_t age_s)
{
	char uuid[UUID_LEN + 1];

	(void)dir;
	return is_of_removed_image(c, name, uuid) && age_s > STAGING_S && !is_release(c, uuid)
		       ? "its image is not registered"
		       : why_staging(name, age_s);
}

static const char *why_warm(const struct collect *c, int dir, const char *name, int64_t age_s)
{
	char uuid[UUID_LEN + 1];
	struct err ignored = ERR_INIT;
	enum warm_state state;
	struct warm w;

	(void)dir;
	if (!is_of_removed_image(c, name, uuid) || age_s <= STAGING_S)
		return why_staging(name, age_s);
	if (warm_look(c->conf->store_dir, c->conf->cache_dir, uuid, &w, &state, &ignored) < 0 ||
	    state == WARM_OK)
		return NULL;
	return "its image is not registered, and its file is no longer in Nova's cache";
}

/* hornero-glance has done what it asks for, and no rollback can make that release current again. */
static const char *why_outbox(const struct collect *c, int dir, const char *name, int64_t age_s)
{
	char release[UUID_LEN + 1];
	struct err ignored = ERR_INIT;
	own_free char *manifest = NULL;
	struct registration r;
	struct outgoing o;

	(void)dir;
	snprintf(release, sizeof(release), "%.*s", UUID_LEN, name);
	if (!uuid_valid(release) || strcmp(name + UUID_LEN, ".json") != 0)
		return why_staging(name, age_s);
	if (outbox_get(c->conf->store_dir, release, &o, &ignored) <= 0 ||
	    registration_load(c->conf->glance_dir, release, &r, &ignored) <= 0)
		return NULL;
	manifest = fs_path("%s/artifact/%s.json", c->conf->store_dir, o.digest);
	return registration_answers(&r, &o) && registration_state(&r) == REGISTRATION_RETIRED &&
			       access(manifest, F_OK) < 0 && errno == ENOENT
		       ? "its release is retired, and its artifact is missing"
		       : NULL;
}

static int look(struct collect *c, const struct corner *k, int dir, const char *name, struct err *e)
{
	const char *why;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return 0;
	why = k->why(c, dir, name,
		     (c->now_ms - steady_present_of_wall_ms(&c->clock, st.st_mtim.tv_sec * 1000)) /
			     1000);
	if (!why)
		return 0;
	if (!c->dry && FAILSTEP("junk-unlink", unlinkat(dir, name, 0)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s/%s/%s", c->conf->store_dir,
			       k->dir, name);
	/* The artifact was reported when it went out of use. */
	if (k->what && !ends_with(name, ".gone"))
		collect_say(c, k->what, name, inventory_bytes_of(&st), "%s", why);
	return 0;
}

static int sweep(struct collect *c, const struct corner *k, struct err *e)
{
	own_free char *path = fs_path("%s/%s", c->conf->store_dir, k->dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d && errno == ENOENT && k->may_lack)
		return 0;
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s (hornero init makes it)", path);
	while ((entry = readdir(d)))
		if (look(c, k, dirfd(d), entry->d_name, e) < 0)
			return -1;
	return 0;
}

static int sweep_all(struct collect *c, const struct corner *corners, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (sweep(c, &corners[i], e) < 0)
			return -1;
	return 0;
}

/* Answers of one image; all of them if it is not registered. */
static int sweep_own_of(struct collect *c, const char *own, const char *uuid, const char *what,
			struct err *e)
{
	own_free char *dir = fs_path("own/%s", uuid);
	const struct corner corner = {dir, what, why_own, true};

	if (collect_is_registered(c, uuid))
		return sweep(c, &corner, e);
	if (!c->dry && answer_forget(c->conf->store_dir, uuid, e) < 0)
		return err_wrap(e, "in %s", own);
	collect_say(c, "answers", uuid, 0, "its image is not registered");
	return 0;
}

static int sweep_own(struct collect *c, const char *what, struct err *e)
{
	own_free char *own = fs_path("%s/own", c->conf->store_dir);
	own_dir DIR *d = opendir(own);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", own);
	while ((entry = readdir(d)))
		if (uuid_valid(entry->d_name) && sweep_own_of(c, own, entry->d_name, what, e) < 0)
			return -1;
	return 0;
}

int collect_orphans(struct collect *c, struct err *e)
{
	static const struct corner corners[] = {
		{"artifact", "orphan", why_orphan, false},
		{"clean", "key", why_clean, true},
		{"key", "key", why_old_key, true},
	};
	own_free char *old = fs_path("%s/key", c->conf->store_dir);

	if (sweep_all(c, corners, sizeof(corners) / sizeof(corners[0]), e) < 0)
		return -1;
	if (!c->dry)
		(void)rmdir(old);
	return sweep_own(c, "key", e);
}

int collect_keys_of_gone(struct collect *c, struct err *e)
{
	static const struct corner clean = {"clean", NULL, why_clean, true};

	return sweep(c, &clean, e) < 0 ? -1 : sweep_own(c, NULL, e);
}

int collect_junk(struct collect *c, struct err *e)
{
	static const struct corner corners[] = {
		{"artifact", "leftover", why_in_artifact, false},
		{"stage", "staged", why_staged, false},
		{"kept", "kept", why_kept, false},
		{"warm", "warm", why_warm, false},
		{"outbox", "outbox", why_outbox, true},
	};

	return sweep_all(c, corners, sizeof(corners) / sizeof(corners[0]), e);
}
