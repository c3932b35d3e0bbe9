/* collect_bases: DIAGNOSTICS: as the records of the store; ERR_OPERATOR if they are unreadable. */
#include "agent/upkeep/collect/collect_bases.h"

#include "agent/common/current.h"
#include "agent/common/protocol.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/kept.h"
#include "store/placed.h"

#include <fcntl.h>
#include <string.h>

enum { LINE_MAX_BYTES = 256, BASES_MAX = PROTOCOL_LIST_MAX / LINE_MAX_BYTES };

/* Argument of the callbacks that read the records. */
struct listing {
	const struct collect *c;
	struct bases *all;
	int cache;
	struct current now; /* of the image whose releases are being listed */
};

static const struct image *find_image(const struct collect *c, const char *uuid)
{
	for (size_t i = 0; i < c->nimages; i++)
		if (strcmp(c->images[i].uuid, uuid) == 0)
			return &c->images[i];
	return NULL;
}

/* Does its image want a file with this use warm? False if the image is not registered. If its
 * file is broken, we cannot tell, so true. */
static bool is_kept(const struct collect *c, const char *uuid, const struct kept *k)
{
	const struct image *img = find_image(c, uuid);

	return img && (img->broken || kept_until_ms(k, image_keep_s(img)) > c->now_ms);
}

/* Returns 1 if the record is of the image's current artifact or the image file is broken, 0 if
 * not, -1 on error. */
static int is_current(struct listing *l, const struct warm *w, struct err *e)
{
	const struct image *img = find_image(l->c, w->made.image);

	if (!img || img->broken)
		return img != NULL;
	if (strcmp(l->now.image, img->uuid) != 0 && current_of(l->c->conf, img, &l->now, e) < 0)
		return -1;
	return current_has(&l->now, img, w->made.digest, e);
}

const struct base *bases_find(const struct bases *all, uint64_t ino)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].ino == ino)
			return &all->list[i];
	return NULL;
}

static void add(struct listing *l, const struct warm *w, const struct stat *st, int64_t used_ms,
		bool is_own, bool is_wanted)
{
	struct base *b = &l->all->list[l->all->n++];

	*b = (struct base){.is_own = is_own, .is_wanted = is_wanted, .ino = w->ino,
			   .born_ns = fs_born_ns(l->cache, w->name),
			   .used_ms = used_ms, .bytes = inventory_bytes_of(st)};
	memcpy(b->image, w->made.image, sizeof(b->image));
	memcpy(b->digest, w->made.digest, sizeof(b->digest));
	l->all->bytes += b->bytes;
}

static int64_t mtime_ns_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static int look_at_own(struct listing *l, const char *uuid, struct err *e)
{
	const struct conf *conf = l->c->conf;
	struct kept k = {0};
	enum warm_state state;
	struct warm w;
	struct stat st;

	if (warm_look(conf->store_dir, conf->cache_dir, uuid, &w, &state, e) < 0 ||
	    kept_load(&l->c->clock, conf->store_dir, uuid, &k, e) < 0)
		return -1;
	if (state != WARM_OK || fstatat(l->cache, w.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	kept_learn(&l->c->clock, &k, &w, mtime_ns_of(&st));
	add(l, &w, &st, k.used_ms, true, is_kept(l->c, uuid, &k));
	return 0;
}

static int look_at_release(void *arg, struct warm *w, struct err *e)
{
	struct listing *l = arg;
	const struct conf *conf = l->c->conf;
	enum warm_state state = placed_state_of(conf->cache_dir, w, e);
	struct kept k;
	struct stat st;
	int current;

	if (state == WARM_NONE)
		return -1;
	if (l->all->n == BASES_MAX || state != WARM_OK ||
	    fstatat(l->cache, w->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	/* If the image wants its own name warm, it wants the file. */
	if (st.st_nlink > 1 && bases_find(l->all, w->ino))
		return 0;
	current = is_current(l, w, e);
	if (current < 0 ||
	    kept_of_release(&l->c->clock, conf->store_dir, w, mtime_ns_of(&st), &k, e) < 0)
		return -1;
	add(l, w, &st, k.used_ms, false, current && is_kept(l->c, w->made.image, &k));
	return 0;
}

static int list_own(struct listing *l, struct err *e)
{
	own_free char *path = fs_path("%s/warm", l->c->conf->store_dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s (hornero init makes it)", path);
	while (l->all->n < BASES_MAX && (entry = readdir(d))) {
		char uuid[UUID_LEN + 1] = "";

		if (strlen(entry->d_name) != UUID_LEN + strlen(".json"))
			continue;
		memcpy(uuid, entry->d_name, UUID_LEN);
		if (uuid_valid(uuid) && look_at_own(l, uuid, e) < 0)
			return -1;
	}
	return 0;
}

static int list_releases(struct listing *l, struct err *e)
{
	const char *store_dir = l->c->conf->store_dir;
	own_free char *path = fs_path("%s/release", store_dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", path);
	while ((entry = readdir(d)))
		if (uuid_valid(entry->d_name) &&
		    placed_each(store_dir, entry->d_name, look_at_release, l, e) < 0)
			return -1;
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct base *left = a;
	const struct base *right = b;

	return (left->used_ms > right->used_ms) - (left->used_ms < right->used_ms);
}

int bases_load(struct bases *out, const struct collect *c, int cache, struct err *e)
{
	struct listing l = {.c = c, .all = out, .cache = cache};

	*out = (struct bases){.list = calloc(BASES_MAX, sizeof(*out->list))};
	if (!out->list)
		return err_set(e, ERR_NOBODY, "out of memory for the list of Nova's cache");
	if (list_own(&l, e) < 0 || list_releases(&l, e) < 0)
		return -1;
	qsort(out->list, out->n, sizeof(*out->list), by_use);
	return 0;
}

void bases_fini(struct bases *all)
{
	free(all->list);
	*all = (struct bases){0};
}
