/* answer: DIAGNOSTICS: ERR_OPERATOR if the store cannot be read or written, ERR_NOBODY if the disk
 * is full. An invalid record counts as none: the next build writes a new one. */
#include "store/answer.h"

#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/record.h"
#include "store/store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct answer, digest, RECORD_HEX),
	RECORD_FIELD(struct answer, built, RECORD_WORD),
	RECORD_FIELD(struct answer, binding, RECORD_HEX),
	RECORD_FIELD(struct answer, job, RECORD_COUNT),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static bool is_clean(const struct answer *a)
{
	return strcmp(a->built, ANSWER_CLEAN) == 0 || strcmp(a->built, ANSWER_CONFIRMED) == 0 ||
	       strcmp(a->built, ANSWER_SHARED) == 0;
}

static char *clean_path(const char *store_dir, const char *key)
{
	return fs_path("%s/clean/%s", store_dir, key);
}

static char *own_path(const char *store_dir, const char *image, const char *key)
{
	return fs_path("%s/own/%s/%s", store_dir, image, key);
}

static int check_key(const char *key, struct err *e)
{
	if (!sha256_valid(key))
		return err_set(e, ERR_US,
			       "a content key must have 64 lower-case hexadecimal digits");
	return 0;
}

/* Returns 1 if read, 0 if missing or invalid, -1 on error. */
static int load_clean(const char *store_dir, const char *key, struct answer *out, struct err *e)
{
	own_free char *path = clean_path(store_dir, key);
	own_free char *line = NULL;
	size_t len;

	if (fs_read(AT_FDCWD, path, SHA256_HEX + 1, &line, &len, e) < 0)
		return e->sys == 0 || e->sys == ENOENT ? 0 : -1;
	if (len != SHA256_HEX + 1 || line[SHA256_HEX] != '\n')
		return 0;
	line[SHA256_HEX] = '\0';
	if (!sha256_valid(line))
		return 0;
	*out = (struct answer){.built = ANSWER_CLEAN};
	memcpy(out->digest, line, sizeof(out->digest));
	return 1;
}

static int load_own(const char *store_dir, const char *image, const char *key, struct answer *out,
		    struct err *e)
{
	own_free char *path = own_path(store_dir, image, key);

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) == 0)
		return 1;
	return e->sys == 0 || e->sys == ENOENT ? 0 : -1;
}

/* Returns true if the artifact exists and is unchanged; else *why holds the reason. */
static bool is_usable(const char *store_dir, const char *key, const char *digest, struct err *why)
{
	char quoted[2 * ERR_MSG_MAX];
	struct manifest m;
	own_fd int fd = store_open(store_dir, digest, &m, why);

	if (fd >= 0)
		return true;
	if (why->sys != ENOENT)
		log_warn("event=artifact-refused key=%s reason=%s", key,
			 log_quote(quoted, sizeof(quoted), why->msg));
	return false;
}

static int find(const char *store_dir, const struct answer_who *who, const char *key,
		bool clean_alone, struct answer *out, struct err *e)
{
	struct answer own = {0}, clean = {0};
	struct err why = ERR_INIT;
	int has_own, has_clean;
	own_fd int lock = -1;

	if (check_key(key, e) < 0)
		return -1;
	lock = store_lock(store_dir, STORE_SHARED, e);
	if (lock < 0)
		return -1;
	has_own = load_own(store_dir, who->image, key, &own, e);
	has_clean = has_own < 0 ? -1 : load_clean(store_dir, key, &clean, e);
	if (has_clean < 0)
		return -1;
	/* Another repository may have had this UUID: leftovers of its builds decided these
	 * bytes. */
	if (has_own && strcmp(own.binding, who->binding) != 0)
		has_own = 0;
	*e = (struct err)ERR_INIT;
	if (has_own && is_clean(&own) && is_usable(store_dir, key, own.digest, &why))
		*out = own;
	else if (has_clean && is_usable(store_dir, key, clean.digest, &why))
		*out = clean;
	else if (has_own && !is_clean(&own) && !clean_alone &&
		 is_usable(store_dir, key, own.digest, &why))
		*out = own;
	else {
		*e = why;
		return 0;
	}
	store_note_used(lock, out->digest);
	return 1;
}

int answer_find(const char *store_dir, const struct answer_who *who, const char *key,
		struct answer *out, struct err *e)
{
	return find(store_dir, who, key, false, out, e);
}

int answer_find_clean(const char *store_dir, const struct answer_who *who, const char *key,
		      struct answer *out, struct err *e)
{
	return find(store_dir, who, key, true, out, e);
}

/* `hornero init` of an older version did not make this directory. */
static int make_dir(const char *dir, struct err *e)
{
	if (access(dir, F_OK) == 0)
		return 0;
	return fs_mkdir_p(dir, 0755, e) < 0 ? -1 : fs_sync_parent(AT_FDCWD, dir, e);
}

static int save_clean(const char *store_dir, const char *key, const char *digest, struct err *e)
{
	own_free char *dir = fs_path("%s/clean", store_dir);
	own_free char *path = clean_path(store_dir, key);
	char line[SHA256_HEX + 2];

	if (make_dir(dir, e) < 0)
		return -1;
	snprintf(line, sizeof(line), "%s\n", digest);
	return fs_replace(AT_FDCWD, path, line, strlen(line), 0644, e);
}

static int save_own(const char *store_dir, const char *image, const char *key,
		    const struct answer *a, struct err *e)
{
	own_free char *dir = fs_path("%s/own/%s", store_dir, image);
	own_free char *path = own_path(store_dir, image, key);

	if (make_dir(dir, e) < 0)
		return -1;
	return record_save(path, fields, N_FIELDS, a, e);
}

static int remove_own(const char *store_dir, const char *image, const char *key, struct err *e)
{
	own_free char *path = own_path(store_dir, image, key);

	if (FAILSTEP("answer-unlink", unlink(path)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	return 0;
}

/* A clean build answers for every image if no other has yet. If it gave the present answer again,
 * the image needs no record of its own. */
static int give_clean(const char *store_dir, const char *image, const char *key,
		      const struct answer *a, struct err *e)
{
	struct answer first = {0};
	struct err why = ERR_INIT;
	int there = load_clean(store_dir, key, &first, e);
	bool says_more = strcmp(a->built, ANSWER_CLEAN) != 0;

	if (there < 0)
		return -1;
	if (there == 1 && !is_usable(store_dir, key, first.digest, &why))
		there = 0;
	if (!there && save_clean(store_dir, key, a->digest, e) < 0)
		return -1;
	failpoint("answer-clean");
	if (says_more || (there && strcmp(first.digest, a->digest) != 0))
		return save_own(store_dir, image, key, a, e);
	return remove_own(store_dir, image, key, e);
}

int answer_give(const char *store_dir, const char *image, const char *key, const struct answer *a,
		struct err *e)
{
	struct answer own = {0};
	struct err why = ERR_INIT;
	int there;

	if (check_key(key, e) < 0)
		return -1;
	if (!uuid_valid(image) || !sha256_valid(a->digest) || !sha256_valid(a->binding))
		return err_set(e, ERR_US, "an answer needs an image, a digest and a binding");
	if (is_clean(a))
		return give_clean(store_dir, image, key, a, e);
	there = load_own(store_dir, image, key, &own, e);
	if (there < 0)
		return -1;
	if (there && is_clean(&own) && strcmp(own.binding, a->binding) == 0 &&
	    is_usable(store_dir, key, own.digest, &why))
		return 0;
	return save_own(store_dir, image, key, a, e);
}

void answer_describe(const char *store_dir, const char *image, const char *key, const char *digest,
		     struct answer *out)
{
	struct answer a = {0};
	struct err ignored = ERR_INIT;

	*out = (struct answer){0};
	if (!sha256_valid(key) || !uuid_valid(image))
		return;
	if ((load_own(store_dir, image, key, &a, &ignored) == 1 && strcmp(a.digest, digest) == 0) ||
	    (load_clean(store_dir, key, &a, &ignored) == 1 && strcmp(a.digest, digest) == 0))
		*out = a;
}

bool answer_has_clean(const char *store_dir, const char *image, const char *key)
{
	struct answer a = {0};
	struct err ignored = ERR_INIT;

	if (!sha256_valid(key) || !uuid_valid(image))
		return false;
	return (load_own(store_dir, image, key, &a, &ignored) == 1 && is_clean(&a)) ||
	       load_clean(store_dir, key, &a, &ignored) == 1;
}

bool answer_is_clean(const char *store_dir, const char *key, const char *digest)
{
	struct answer a = {0};
	struct err ignored = ERR_INIT;

	return sha256_valid(key) && load_clean(store_dir, key, &a, &ignored) == 1 &&
	       strcmp(a.digest, digest) == 0;
}

bool answer_digest_at(int dir, const char *name, char digest[SHA256_HEX + 1])
{
	own_free char *path = fs_path("/proc/self/fd/%d/%s", dir, name);
	struct err e = ERR_INIT;
	struct answer a;

	digest[0] = '\0';
	if (record_load(path, fields, N_FIELDS, &a, sizeof(a), &e) < 0)
		return e.sys == 0 && e.class == ERR_OPERATOR;
	memcpy(digest, a.digest, sizeof(a.digest));
	return true;
}

int answer_forget(const char *store_dir, const char *image, struct err *e)
{
	own_free char *path = fs_path("%s/own", store_dir);
	own_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot open %s", path);
	return uuid_valid(image) ? fs_remove_tree(dir, image, e)
				 : err_set(e, ERR_US, "an answer needs an image");
}
