/* outbox: DIAGNOSTICS: as record. An invalid file is only logged: the sweep writes it again. */
#include "store/outbox.h"

#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/nova.h"
#include "store/record.h"

#include <fcntl.h>
#include <string.h>

static const struct record_field fields[] = {
	RECORD_FIELD(struct outgoing, image, RECORD_UUID),
	RECORD_FIELD(struct outgoing, digest, RECORD_HEX),
	RECORD_FIELD(struct outgoing, repo, RECORD_TEXT),
	RECORD_FIELD(struct outgoing, ref, RECORD_TEXT),
	RECORD_FIELD(struct outgoing, commit, RECORD_OID),
	RECORD_FIELD(struct outgoing, job, RECORD_COUNT),
	RECORD_FIELD(struct outgoing, attempt, RECORD_COUNT),
	RECORD_FIELD(struct outgoing, visibility, RECORD_WORD),
	RECORD_FIELD(struct outgoing, project, RECORD_WORD),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static char *dir_of(const char *store_dir)
{
	return fs_path("%s/outbox", store_dir);
}

static char *path_of(const char *store_dir, const char *release)
{
	return fs_path("%s/outbox/%s.json", store_dir, release);
}

/* The settings of the image may have changed since: they are for the next release. */
static bool is_same_publication(const struct outgoing *a, const struct outgoing *b)
{
	return a->job == b->job && a->attempt == b->attempt;
}

int outbox_put(const char *store_dir, const struct outgoing *o, struct err *e)
{
	own_free char *dir = dir_of(store_dir);
	own_free char *path = NULL;
	struct outgoing out = *o, old;
	int known;

	if (nova_release(o->image, o->digest, out.release, e) < 0)
		return -1;
	known = outbox_get(store_dir, out.release, &old, e);
	if (known < 0 || (known > 0 && is_same_publication(&old, &out)))
		return known < 0 ? -1 : 0;
	path = path_of(store_dir, out.release);
	/* `hornero init` of an older version did not make it. */
	return fs_mkdir_p(dir, 0755, e) < 0 || record_save(path, fields, N_FIELDS, &out, e) < 0
		       ? -1
		       : 1;
}

int outbox_unread(const char *what, const char *id, const struct err *e)
{
	char quoted[2 * ERR_MSG_MAX];

	if (e->sys == ENOENT)
		return 0;
	if (e->sys != 0 || e->class == ERR_NOBODY)
		return -1;
	log_warn("event=outbox-refused %s=%s reason=%s", what, id,
		 log_quote(quoted, sizeof(quoted), e->msg));
	return 0;
}

int outbox_get(const char *store_dir, const char *release, struct outgoing *out, struct err *e)
{
	own_free char *path = path_of(store_dir, release);

	if (record_load(path, fields, N_FIELDS, out, sizeof(*out), e) < 0)
		return outbox_unread("release", release, e);
	if (nova_release(out->image, out->digest, out->release, e) < 0)
		return -1;
	if (strcmp(out->release, release) == 0)
		return 1;
	err_set(e, ERR_OPERATOR, "%s describes another release", path);
	return outbox_unread("release", release, e);
}

static int by_image(const void *a, const void *b)
{
	const struct outgoing *x = a, *y = b;
	int order = strcmp(x->image, y->image);

	if (order != 0)
		return order;
	if (x->job != y->job)
		return x->job > y->job ? -1 : 1;
	return x->attempt == y->attempt ? 0 : x->attempt > y->attempt ? -1 : 1;
}

/* Returns true and the release if it is the name of a file of the outbox. */
static bool release_of(const char *name, char release[UUID_LEN + 1])
{
	snprintf(release, UUID_LEN + 1, "%.*s", UUID_LEN, name);
	return strlen(name) == UUID_LEN + strlen(".json") && uuid_valid(release) &&
	       strcmp(name + UUID_LEN, ".json") == 0;
}

static int add(const char *store_dir, const char *name, struct outgoing **list, size_t *n,
	       struct err *e)
{
	char release[UUID_LEN + 1];
	struct outgoing *grown;
	int got;

	if (!release_of(name, release))
		return 0;
	if (*n == OUTBOX_MOST)
		return err_set(e, ERR_OPERATOR, "%s/outbox has more than %d files", store_dir,
			       OUTBOX_MOST);
	grown = reallocarray(*list, *n + 1, sizeof(**list));
	if (!grown)
		return err_set(e, ERR_NOBODY, "out of memory for the outbox");
	*list = grown;
	got = outbox_get(store_dir, release, &grown[*n], e);
	*n += got > 0;
	return got < 0 ? -1 : 0;
}

int outbox_load(const char *store_dir, struct outgoing **out, size_t *n, struct err *e)
{
	own_free char *path = dir_of(store_dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	*out = NULL;
	*n = 0;
	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", path);
	while ((entry = readdir(d))) {
		if (add(store_dir, entry->d_name, out, n, e) == 0)
			continue;
		free(*out);
		*out = NULL;
		*n = 0;
		return -1;
	}
	if (*n > 0)
		qsort(*out, *n, sizeof(**out), by_image);
	return 0;
}
