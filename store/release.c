/* release: DIAGNOSTICS: ERR_OPERATOR if the store cannot be read, ERR_NOBODY if memory runs out. An
 * artifact without a readable manifest does not exist. */
#include "store/release.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "store/inventory.h"
#include "store/nova.h"
#include "store/placed.h"
#include "store/store.h"

#include <string.h>

static bool is_there(const char *store_dir, const char *digest)
{
	struct err ignored = ERR_INIT;
	struct manifest m;

	return store_manifest(store_dir, digest, &m, &ignored) == 0;
}

static int take_newer(void *arg, struct warm *w, struct err *e)
{
	struct warm *newest = arg;

	(void)e;
	if (!w->refused && warm_is_newer(w, newest))
		*newest = *w;
	return 0;
}

int release_newest(const char *store_dir, const char *uuid, struct warm *w, struct err *e)
{
	*w = (struct warm){0};
	return warm_load(store_dir, uuid, w, e) < 0
		       ? -1
		       : placed_each(store_dir, uuid, take_newer, w, e);
}

static void find_previous(const char *store_dir, const struct warm *w,
			  char previous[SHA256_HEX + 1])
{
	for (int i = 0; warm_earlier(w, i, previous); i++)
		if (is_there(store_dir, previous))
			return;
	previous[0] = '\0';
}

int release_needed(const char *store_dir, const char *uuid, char current[SHA256_HEX + 1],
		   char previous[SHA256_HEX + 1], struct err *e)
{
	struct warm w;

	if (release_newest(store_dir, uuid, &w, e) < 0)
		return -1;
	memcpy(current, w.made.digest, sizeof(w.made.digest));
	find_previous(store_dir, &w, previous);
	return 0;
}

static bool was_warm(const struct warm *w, const char *digest)
{
	char earlier[SHA256_HEX + 1];

	if (strcmp(w->made.digest, digest) == 0)
		return true;
	for (int i = 0; warm_earlier(w, i, earlier); i++)
		if (strcmp(earlier, digest) == 0)
			return true;
	return false;
}

/* Loads the image's last publication; nothing if the image was bound to another repository then. */
static int load_had(const char *store_dir, const char *uuid, const char *repo, struct warm *w,
		    struct err *e)
{
	if (release_newest(store_dir, uuid, w, e) < 0)
		return -1;
	if (warm_is_of_other(w, repo))
		*w = (struct warm){0};
	return 0;
}

static bool belongs(const struct manifest *m, const char *uuid, const char *repo,
		    const struct warm *w)
{
	return (strcmp(m->made.image, uuid) == 0 &&
		(!*m->made.repo || strcmp(m->made.repo, repo) == 0)) ||
	       was_warm(w, m->made.digest);
}

/* Finds the artifact whose name under this image is the release. Returns 1, 0 if there is none, -1
 * on error. */
static int find_named(const char *store_dir, const char *uuid, const char *release,
		      char digest[SHA256_HEX + 1], struct err *e)
{
	own_dir DIR *d = inventory_open(store_dir, e);
	char found[SHA256_HEX + 1], own[UUID_LEN + 1];

	if (!d)
		return -1;
	while (inventory_next(d, found)) {
		if (nova_release(uuid, found, own, e) < 0)
			return -1;
		if (strcmp(own, release) == 0) {
			memcpy(digest, found, sizeof(found));
			return 1;
		}
	}
	return 0;
}

int release_find(const char *store_dir, const char *uuid, const char *repo, const char *release,
		 char digest[SHA256_HEX + 1], struct err *e)
{
	struct err ignored = ERR_INIT;
	struct manifest m;
	struct warm w;
	int found = find_named(store_dir, uuid, release, digest, e);

	if (found != 1)
		return found;
	if (load_had(store_dir, uuid, repo, &w, e) < 0)
		return -1;
	return store_manifest(store_dir, digest, &m, &ignored) == 0 && belongs(&m, uuid, repo, &w);
}

/* Returns 1, 0 if there is no such artifact, -1 on error. */
static int describe(const char *store_dir, const char *uuid, const char *digest, struct manifest *m,
		    struct release *out, struct err *e)
{
	struct err why = ERR_INIT;
	own_fd int fd = -1;

	if (store_manifest(store_dir, digest, m, &why) < 0)
		return 0;
	*out = (struct release){.built_ms = m->built_ms, .size_bytes = m->size_bytes};
	memcpy(out->digest, m->made.digest, sizeof(out->digest));
	memcpy(out->image, m->made.image, sizeof(out->image));
	memcpy(out->commit, m->made.commit, sizeof(out->commit));
	out->shared = strcmp(m->made.image, uuid) != 0;
	fd = store_open(store_dir, digest, m, &why);
	if (fd < 0)
		snprintf(out->problem, sizeof(out->problem), "%s", why.msg);
	return nova_release(uuid, digest, out->uuid, e) < 0 ? -1 : 1;
}

static void compare(struct release *r, const struct warm *w, const char *previous)
{
	r->current = strcmp(r->digest, w->made.digest) == 0;
	r->previous = strcmp(r->digest, previous) == 0;
}

int release_get(const char *store_dir, const char *uuid, const char *repo, const char *release,
		struct release *out, struct err *e)
{
	char digest[SHA256_HEX + 1], previous[SHA256_HEX + 1];
	struct manifest m;
	struct warm w;
	int found = release_find(store_dir, uuid, repo, release, digest, e);

	if (found == 1)
		found = describe(store_dir, uuid, digest, &m, out, e);
	if (found != 1)
		return found;
	if (load_had(store_dir, uuid, repo, &w, e) < 0)
		return -1;
	find_previous(store_dir, &w, previous);
	compare(out, &w, previous);
	return 1;
}

static int newest_first(const void *a, const void *b)
{
	const struct release *left = a, *right = b;

	if (left->built_ms != right->built_ms)
		return left->built_ms < right->built_ms ? 1 : -1;
	return strcmp(left->digest, right->digest);
}

static int collect(const char *store_dir, const char *uuid, const char *repo, const struct warm *w,
		   struct release **list, size_t *n, struct err *e)
{
	own_dir DIR *d = inventory_open(store_dir, e);
	char digest[SHA256_HEX + 1];
	size_t room = 0;

	if (!d)
		return -1;
	while (inventory_next(d, digest)) {
		struct manifest m;
		int got;

		if (*n == room) {
			struct release *more =
				reallocarray(*list, room = room ? 2 * room : 16, sizeof(**list));

			if (!more)
				return err_set(e, ERR_NOBODY,
					       "out of memory for the releases of %s", uuid);
			*list = more;
		}
		got = describe(store_dir, uuid, digest, &m, &(*list)[*n], e);
		if (got < 0)
			return -1;
		*n += got == 1 && belongs(&m, uuid, repo, w);
	}
	return 0;
}

int release_list(const char *store_dir, const char *uuid, const char *repo, struct release **out,
		 size_t *n, struct err *e)
{
	own_free struct release *list = NULL;
	char previous[SHA256_HEX + 1];
	struct warm w;
	size_t count = 0;

	if (load_had(store_dir, uuid, repo, &w, e) < 0 ||
	    collect(store_dir, uuid, repo, &w, &list, &count, e) < 0)
		return -1;
	find_previous(store_dir, &w, previous);
	for (size_t i = 0; i < count; i++)
		compare(&list[i], &w, previous);
	if (count > 0)
		qsort(list, count, sizeof(*list), newest_first);
	*out = steal_ptr(&list);
	*n = count;
	return 0;
}
