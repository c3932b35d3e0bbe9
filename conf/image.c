/* image: DIAGNOSTICS: ERR_OPERATOR with FILE:LINE:COLUMN for a file, ERR_USAGE for a command-line
 * argument, ERR_NOBODY if memory or descriptors run out. */
#include "conf/image.h"

#include "conf/check.h"
#include "conf/conf.h"
#include "conf/setting.h"
#include "conf/yaml.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

bool image_shares(const struct image *img, const struct conf *c)
{
	return img->share == IMAGE_SHARE_YES ||
	       (img->share == IMAGE_SHARE_NODE && c->share == CONF_SHARE_YES);
}

const char *image_pin_at(const struct image *img, const char *commit)
{
	if (!img->pinned || (img->until_ref_leaves && strcmp(img->until_ref_leaves, commit) != 0))
		return NULL;
	return img->pinned;
}

int image_check_repo(const char *repo, struct err *e)
{
	return check_repo(repo, e) < 0 ? err_wrap(e, "repository name") : 0;
}

void image_fini(struct image *img)
{
	settings_fini(&image_settings, img);
	memset(img, 0, sizeof(*img));
}

static int take_uuid(struct image *img, const char *uuid, struct err *e)
{
	char shown[CHECK_SHOWN];

	if (!uuid_canonical(uuid, img->uuid))
		return err_set(e, ERR_USAGE,
			       "%s is not an image id; Glance's ids look like "
			       "2b7e1516-28ae-4d2a-abf7-158809cf4f3c",
			       check_show(uuid, shown));
	if (strcmp(uuid, img->uuid) != 0)
		return err_set(e, ERR_USAGE,
			       "%s has capital letters: Nova and Glance write image ids in lower "
			       "case; use %s",
			       check_show(uuid, shown), img->uuid);
	return 0;
}

int image_init(struct image *img, const char *uuid, struct err *e)
{
	struct image fresh = {0};

	if (take_uuid(&fresh, uuid, e) < 0)
		return -1;
	if (settings_defaults(&image_settings, &fresh, e) < 0) {
		image_fini(&fresh);
		return -1;
	}
	*img = fresh;
	return 0;
}

int image_set(struct image *img, const char *name, const char *value, struct err *e)
{
	return settings_set(&image_settings, img, name, value, e);
}

int image_parse(const char *file, const char *uuid, const char *text, size_t len, struct image *out,
		struct err *e)
{
	own_image struct image img = {0};
	own_doc struct doc *doc = NULL;

	if (take_uuid(&img, uuid, e) < 0 || doc_parse(file, text, len, ERR_OPERATOR, &doc, e) < 0 ||
	    settings_read(&image_settings, doc, NULL, &img, e) < 0)
		return -1;
	*out = img;
	memset(&img, 0, sizeof(img));
	return 0;
}

static int load_at(int dir, const char *images_dir, const char *uuid, struct image *out,
		   struct err *e)
{
	own_free char *file = fs_path("%s.yaml", uuid);
	own_free char *path = fs_path("%s/%s", images_dir, file);
	own_free char *text = NULL;
	own_fd int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len;

	if (fd < 0 && errno == ENOENT) {
		err_set(e, ERR_OPERATOR,
			"no image %s (%s is not there); add it with `hornero image add %s REPO`",
			uuid, path, uuid);
		e->sys = ENOENT;
		return -1;
	}
	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s", path);
	if (fs_read_fd(fd, path, DOC_BYTES_MAX, &text, &len, e) < 0)
		return -1;
	return image_parse(path, uuid, text, len, out, e);
}

int image_load(const char *images_dir, const char *uuid, struct image *out, struct err *e)
{
	struct image named = {0};
	own_fd int dir = -1;

	if (take_uuid(&named, uuid, e) < 0)
		return -1;
	dir = fs_open_dir(AT_FDCWD, images_dir, e);
	if (dir < 0)
		return -1;
	return load_at(dir, images_dir, named.uuid, out, e);
}

void images_free(struct image *list, size_t n)
{
	for (size_t i = 0; list && i < n; i++)
		image_fini(&list[i]);
	free(list);
}

/* Accepts "UUID.yaml". A name with capital letters counts too, and is reported as unusable. */
static bool is_image_file(const char *file, char uuid[UUID_LEN + 1])
{
	char canonical[UUID_LEN + 1];

	if (strlen(file) != UUID_LEN + strlen(".yaml") || strcmp(file + UUID_LEN, ".yaml") != 0)
		return false;
	memcpy(uuid, file, UUID_LEN);
	uuid[UUID_LEN] = '\0';
	return uuid_canonical(uuid, canonical);
}

/* Nova hashes the id in Glance's spelling. */
static int check_file_name(const char *images_dir, const char *uuid, struct err *e)
{
	char canonical[UUID_LEN + 1];

	if (!uuid_canonical(uuid, canonical) || strcmp(uuid, canonical) == 0)
		return 0;
	return err_set(e, ERR_OPERATOR,
		       "the name of %s/%s.yaml has capital letters: Nova and Glance write image "
		       "ids in lower case; rename it to %s.yaml",
		       images_dir, uuid, canonical);
}

/* Returns 1 if *img is filled, 0 if the file is gone, -1 on error. */
static int load_or_mark(int dir, const char *images_dir, const char *uuid, struct image *img,
			struct err *e)
{
	struct err problem = ERR_INIT;

	memset(img, 0, sizeof(*img));
	if (check_file_name(images_dir, uuid, &problem) == 0 &&
	    load_at(dir, images_dir, uuid, img, &problem) == 0)
		return 1;
	if (problem.sys == ENOENT)
		return 0;
	/* Out of memory or descriptors: the file may be fine, so do not report the image as
	 * broken. */
	if (problem.class == ERR_NOBODY) {
		*e = problem;
		return -1;
	}
	memcpy(img->uuid, uuid, sizeof(img->uuid));
	img->broken = true;
	img->problem = problem;
	return 1;
}

static int by_uuid(const void *a, const void *b)
{
	return strcmp(((const struct image *)a)->uuid, ((const struct image *)b)->uuid);
}

static int load_kept(DIR *d, const char *images_dir, images_keep *keep, const void *arg,
		     struct image **list, size_t *n, struct err *e)
{
	size_t room = 0;
	struct dirent *entry;

	while ((entry = readdir(d))) {
		char uuid[UUID_LEN + 1];
		int got;

		if (!is_image_file(entry->d_name, uuid) ||
		    (keep && !keep(dirfd(d), entry->d_name, arg)))
			continue;
		if (*n == room) {
			struct image *more = reallocarray(*list, room = room ? 2 * room : 16,
							  sizeof(**list));

			if (!more)
				return err_set(e, ERR_NOBODY, "%s: out of memory", images_dir);
			*list = more;
		}
		got = load_or_mark(dirfd(d), images_dir, uuid, &(*list)[*n], e);
		if (got < 0)
			return -1;
		*n += (size_t)got;
	}
	return 0;
}

int images_load(const char *images_dir, struct image **out, size_t *n, struct err *e)
{
	return images_load_some(images_dir, NULL, NULL, out, n, e);
}

int images_load_some(const char *images_dir, images_keep *keep, const void *arg, struct image **out,
		     size_t *n, struct err *e)
{
	own_dir DIR *d = opendir(images_dir);
	struct image *list = NULL;
	size_t count = 0;

	if (!d)
		return err_sys(e, ERR_OPERATOR,
			       "cannot read the images in %s (hornero init makes it)", images_dir);
	if (load_kept(d, images_dir, keep, arg, &list, &count, e) < 0) {
		images_free(list, count);
		return -1;
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), by_uuid);
	*out = list;
	*n = count;
	return 0;
}

int image_remove(const char *images_dir, const char *uuid, struct err *e)
{
	struct image named = {0};
	own_free char *path = NULL;

	if (take_uuid(&named, uuid, e) < 0)
		return -1;
	path = fs_path("%s/%s.yaml", images_dir, named.uuid);
	if (FAILSTEP("image-unlink", unlink(path)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	return fs_sync_parent(AT_FDCWD, path, e);
}
