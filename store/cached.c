/* cached: DIAGNOSTICS: ERR_OPERATOR if the records cannot be listed, ERR_NOBODY if a file cannot be
 * read; invalid records are skipped. */
#include "store/cached.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "store/placed.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct filling {
	struct warm *list;
	size_t n, room;
};

static int add(struct filling *f, const struct warm *w, struct err *e)
{
	if (w->refused)
		return 0;
	if (f->n == f->room) {
		struct warm *more =
			reallocarray(f->list, f->room = f->room ? 2 * f->room : 64, sizeof(*more));

		if (!more)
			return err_set(e, ERR_NOBODY, "out of memory for the records of the cache");
		f->list = more;
	}
	f->list[f->n++] = *w;
	return 0;
}

static int add_release(void *arg, struct warm *w, struct err *e)
{
	return add(arg, w, e);
}

/* Calls take() for each entry of STORE/SUBDIR that begins with a UUID. */
static int each_image(const char *store_dir, const char *subdir, struct filling *f,
		      int (*take)(struct filling *f, const char *store_dir, const char *uuid,
				  struct err *e),
		      struct err *e)
{
	own_free char *path = fs_path("%s/%s", store_dir, subdir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", path);
	while ((entry = readdir(d))) {
		char uuid[UUID_LEN + 1];

		snprintf(uuid, sizeof(uuid), "%.36s", entry->d_name);
		if (uuid_valid(uuid) && take(f, store_dir, uuid, e) < 0)
			return -1;
	}
	return 0;
}

static int take_own(struct filling *f, const char *store_dir, const char *uuid, struct err *e)
{
	struct warm w;
	int known = warm_load(store_dir, uuid, &w, e);

	return known == 1 ? add(f, &w, e) : known;
}

static int take_releases(struct filling *f, const char *store_dir, const char *uuid, struct err *e)
{
	return placed_each(store_dir, uuid, add_release, f, e);
}

static int by_name(const void *a, const void *b)
{
	const struct warm *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int cached_load(const char *store_dir, struct warm **list, size_t *n, struct err *e)
{
	struct filling f = {0};

	if (each_image(store_dir, "warm", &f, take_own, e) < 0 ||
	    each_image(store_dir, "release", &f, take_releases, e) < 0) {
		free(f.list);
		return -1;
	}
	if (f.n > 0)
		qsort(f.list, f.n, sizeof(*f.list), by_name);
	*list = f.list;
	*n = f.n;
	return 0;
}

const struct warm *cached_twin(const struct warm *list, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (list[k].ino == list[i].ino && list[k].born_ns == list[i].born_ns &&
		    strcmp(list[k].made.digest, list[i].made.digest) == 0)
			return &list[k];
	return NULL;
}

int cached_verify(const char *cache_dir, const struct warm *w, digest_pace *pace, void *arg,
		  char found[SHA256_HEX + 1], struct err *e)
{
	own_fd int dir = fs_open_dir(AT_FDCWD, cache_dir, e);
	own_fd int fd = -1;
	enum warm_state state;
	struct stat st;

	if (dir < 0)
		return -1;
	state = warm_state_of(cache_dir, w, e);
	if (state != WARM_OK)
		return state == WARM_NONE ? -1 : CACHED_OTHER;
	fd = digest_open(dir, w->name, e);
	if (fd < 0)
		return e->sys == ENOENT ? CACHED_OTHER : -1;
	if (fstat(fd, &st) < 0 || st.st_ino != w->ino)
		return CACHED_OTHER;
	if (digest_fd(fd, pace, arg, found, e) < 0)
		return -1;
	if (strcmp(found, w->made.digest) == 0)
		return CACHED_OK;
	/* Reading took long: the right bytes may be in place by now. */
	state = warm_state_of(cache_dir, w, e);
	return state == WARM_OK ? CACHED_CHANGED : state == WARM_NONE ? -1 : CACHED_OTHER;
}
