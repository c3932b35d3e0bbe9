/* placed: DIAGNOSTICS: as warm; other files in the directory are skipped. */
#include "store/placed.h"

#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/changed.h"
#include "store/nova.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static char *dir_of(const char *store_dir, const char *image)
{
	return fs_path("%s/release/%s", store_dir, image);
}

/* Returns NULL with e filled on error. */
static char *path_of(const char *store_dir, const char *image, const char *digest, struct err *e)
{
	own_free char *dir = dir_of(store_dir, image);
	char id[UUID_LEN + 1];

	return nova_release(image, digest, id, e) < 0 ? NULL : fs_path("%s/%s.json", dir, id);
}

int placed_save(const char *store_dir, const struct warm *w, struct err *e)
{
	/* `hornero init` of an older version did not make it */
	own_free char *room = fs_path("%s/release", store_dir);
	own_free char *dir = dir_of(store_dir, w->made.image);
	own_free char *path = path_of(store_dir, w->made.image, w->made.digest, e);

	if (!path || fs_mkdir_p(room, 0755, e) < 0 || fs_mkdir_p(dir, 0755, e) < 0 ||
	    fs_sync_parent(AT_FDCWD, dir, e) < 0)
		return -1;
	return warm_write(path, w, e);
}

int placed_remove(const char *store_dir, const struct warm *w, struct err *e)
{
	own_free char *dir = dir_of(store_dir, w->made.image);
	own_free char *path = path_of(store_dir, w->made.image, w->made.digest, e);

	if (!path)
		return -1;
	if (FAILSTEP("placed-unlink", unlink(path)) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	FAILSTEP("placed-rmdir", rmdir(dir)); /* succeeds after the last one */
	return 0;
}

bool placed_is_recorded(const char *store_dir, const char *image, const char *release)
{
	own_free char *path = fs_path("%s/release/%s/%s.json", store_dir, image, release);

	return access(path, F_OK) == 0;
}

int placed_load(const char *store_dir, const char *image, const char *digest, struct warm *out,
		struct err *e)
{
	own_free char *path = path_of(store_dir, image, digest, e);

	return path ? warm_read(path, image, out, e) : -1;
}

enum warm_state placed_state_of(const char *cache_dir, struct warm *w, struct err *e)
{
	enum warm_state state = warm_state_of(cache_dir, w, e);
	own_free char *path = fs_path("%s/%s", cache_dir, w->name);

	/* The refused file may be of any type. */
	w->refused = w->refused &&
		     fs_is_still(AT_FDCWD, path, w->ino, w->size_bytes, w->born_ns);
	return w->refused ? WARM_FOREIGN : state;
}

int placed_look(const char *store_dir, const char *cache_dir, const char *image, const char *digest,
		struct warm *out, enum warm_state *state, struct err *e)
{
	int got = placed_load(store_dir, image, digest, out, e);

	*state = WARM_NONE;
	if (got <= 0)
		return got;
	*state = placed_state_of(cache_dir, out, e);
	if (*state == WARM_OK && changed_stands(store_dir, out))
		*state = WARM_CHANGED;
	return *state == WARM_NONE ? -1 : 0;
}

/* Returns 1 if read, 0 if missing, invalid or of another image or release, -1 on error. */
static int read_entry(const char *dir, const char *file, const char *image, struct warm *out,
		      struct err *e)
{
	own_free char *path = fs_path("%s/%s", dir, file);
	char id[UUID_LEN + 1];
	int got = warm_read(path, image, out, e);

	if (got <= 0 || nova_release(image, out->made.digest, id, e) < 0)
		return got <= 0 ? got : -1;
	if (strncmp(id, file, UUID_LEN) == 0)
		return 1;
	log_warn("event=release-record-refused image=%s file=%s", image, file);
	return 0;
}

int placed_each(const char *store_dir, const char *image,
		int (*each)(void *arg, struct warm *w, struct err *e), void *arg, struct err *e)
{
	own_free char *path = dir_of(store_dir, image);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot list %s", path);
	while ((entry = readdir(d))) {
		struct warm w;
		int rc;

		if (strlen(entry->d_name) != UUID_LEN + strlen(".json") || entry->d_name[0] == '.')
			continue;
		rc = read_entry(path, entry->d_name, image, &w, e);
		if (rc > 0)
			rc = each(arg, &w, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int take_newer(void *arg, struct warm *w, struct err *e)
{
	struct warm *newest = arg;

	(void)e;
	if (warm_is_newer(w, newest))
		*newest = *w;
	return 0;
}

int placed_look_newest(const char *store_dir, const char *cache_dir, const char *image,
		       struct warm *out, enum warm_state *state, struct err *e)
{
	struct warm newest = {.made.job = -1};

	*state = WARM_NONE;
	if (placed_each(store_dir, image, take_newer, &newest, e) < 0)
		return -1;
	if (newest.made.job < 0)
		return 0;
	*state = placed_state_of(cache_dir, &newest, e);
	if (*state == WARM_NONE)
		return -1;
	if (*state == WARM_OK && changed_stands(store_dir, &newest))
		*state = WARM_CHANGED;
	*out = newest;
	return 0;
}
