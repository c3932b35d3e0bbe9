/* stable: DIAGNOSTICS: as record. An invalid file is only logged: the sweep writes it again. */
#include "store/stable.h"

#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/record.h"

#include <string.h>
#include <unistd.h>

#define ENDING ".stable"

static const struct record_field fields[] = {
	RECORD_FIELD(struct stable, image, RECORD_UUID),
	RECORD_FIELD(struct stable, record, RECORD_WORD),
	RECORD_FIELD(struct stable, policy, RECORD_WORD),
	RECORD_FIELD(struct stable, name, RECORD_TEXT),
	RECORD_FIELD(struct stable, visibility, RECORD_WORD),
	RECORD_FIELD(struct stable, project, RECORD_WORD),
	RECORD_FIELD(struct stable, repo, RECORD_TEXT),
	RECORD_FIELD(struct stable, ref, RECORD_TEXT),
	RECORD_FIELD(struct stable, commit, RECORD_OID),
	RECORD_FIELD(struct stable, digest, RECORD_KEY),
	RECORD_FIELD(struct stable, serial, RECORD_COUNT),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static char *path_of(const char *store_dir, const char *image)
{
	return fs_path("%s/outbox/%s" ENDING, store_dir, image);
}

static bool is_same(const struct stable *a, const struct stable *b)
{
	return strcmp(a->record, b->record) == 0 && strcmp(a->policy, b->policy) == 0 &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->visibility, b->visibility) == 0 &&
	       strcmp(a->project, b->project) == 0 && strcmp(a->repo, b->repo) == 0 &&
	       strcmp(a->ref, b->ref) == 0 && strcmp(a->commit, b->commit) == 0 &&
	       strcmp(a->digest, b->digest) == 0;
}

int stable_put(const char *store_dir, const struct stable *s, struct err *e)
{
	own_free char *dir = fs_path("%s/outbox", store_dir);
	own_free char *path = path_of(store_dir, s->image);
	struct stable out = *s, old;
	int known = stable_get(store_dir, s->image, &old, e);

	if (known < 0 || (known > 0 && is_same(&old, s) && old.serial >= s->serial))
		return known < 0 ? -1 : 0;
	if (known > 0 && out.serial <= old.serial)
		out.serial = old.serial + 1;
	/* `hornero init` of an older version did not make it. */
	return fs_mkdir_p(dir, 0755, e) < 0 || record_save(path, fields, N_FIELDS, &out, e) < 0
		       ? -1
		       : 1;
}

int stable_get(const char *store_dir, const char *image, struct stable *out, struct err *e)
{
	own_free char *path = path_of(store_dir, image);

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) < 0)
		return outbox_unread("image", image, e);
	if (strcmp(out->image, image) == 0)
		return 1;
	err_set(e, ERR_OPERATOR, "%s describes another image", path);
	return outbox_unread("image", image, e);
}

static int add(const char *store_dir, const char *name, struct stable **list, size_t *n,
	       struct err *e)
{
	char image[UUID_LEN + 1];
	struct stable *grown;
	int got;

	snprintf(image, sizeof(image), "%.*s", UUID_LEN, name);
	if (!uuid_valid(image) || strcmp(name + UUID_LEN, ENDING) != 0)
		return 0;
	if (*n == OUTBOX_MOST)
		return err_set(e, ERR_OPERATOR, "%s/outbox has more than %d files", store_dir,
			       OUTBOX_MOST);
	grown = reallocarray(*list, *n + 1, sizeof(**list));
	if (!grown)
		return err_set(e, ERR_NOBODY, "out of memory for the outbox");
	*list = grown;
	got = stable_get(store_dir, image, &grown[*n], e);
	*n += got > 0;
	return got < 0 ? -1 : 0;
}

int stable_load(const char *store_dir, struct stable **out, size_t *n, struct err *e)
{
	own_free char *path = fs_path("%s/outbox", store_dir);
	own_dir DIR *d = opendir(path);
	own_free struct stable *list = NULL;
	struct dirent *entry;
	size_t count = 0;

	*out = NULL;
	*n = 0;
	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", path);
	while ((entry = readdir(d)))
		if (add(store_dir, entry->d_name, &list, &count, e) < 0)
			return -1;
	*out = steal_ptr(&list);
	*n = count;
	return 0;
}

int stable_remove(const char *store_dir, const char *image, struct err *e)
{
	own_free char *path = path_of(store_dir, image);

	if (FAILSTEP("stable-unlink", unlink(path)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	return 0;
}

bool stable_is_made(const struct stable *s, const struct registration *r)
{
	enum registration_state state = registration_state(r);

	return r->job == s->serial && strcmp(r->release, s->image) == 0 &&
	       (state == REGISTRATION_MADE || state == REGISTRATION_REGISTERED);
}
