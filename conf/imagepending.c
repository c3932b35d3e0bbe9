/* imagepending: DIAGNOSTICS: as image.c. */
#include "conf/imagepending.h"

#include "conf/yaml.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define ENDING ".pending"

static char *path_of(const char *images_dir, const char *uuid, const char *ending)
{
	return fs_path("%s/%s%s", images_dir, uuid, ending);
}

static int64_t time_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

int imagepending_save(const char *images_dir, const struct image *img, int64_t *asked_ms,
		      struct err *e)
{
	own_free char *path = path_of(images_dir, img->uuid, ENDING);
	own_free char *text = NULL;
	struct stat st;
	size_t len;

	if (image_emit(img, &text, &len, e) < 0 ||
	    fs_replace(AT_FDCWD, path, text, len, 0664, e) < 0)
		return -1;
	if (stat(path, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at %s", path);
	*asked_ms = time_of(&st);
	return 0;
}

int imagepending_load(const char *images_dir, const char *uuid, struct image *out,
		      int64_t *asked_ms, struct err *e)
{
	own_free char *path = path_of(images_dir, uuid, ENDING);
	own_free char *text = NULL;
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	size_t len;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s", path);
	*asked_ms = time_of(&st);
	if (fs_read_fd(fd, path, DOC_BYTES_MAX, &text, &len, e) < 0 ||
	    image_parse(path, uuid, text, len, out, e) < 0)
		return -1;
	return 1;
}

int imagepending_each(const char *images_dir, int (*each)(void *arg, const char *uuid), void *arg,
		      struct err *e)
{
	own_dir DIR *d = opendir(images_dir);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s", images_dir);
	while ((entry = readdir(d))) {
		char uuid[UUID_LEN + 1];

		snprintf(uuid, sizeof(uuid), "%.*s", UUID_LEN, entry->d_name);
		if (uuid_valid(uuid) && strcmp(entry->d_name + UUID_LEN, ENDING) == 0 &&
		    each(arg, uuid) < 0)
			return -1;
	}
	return 0;
}

int imagepending_bind(const char *images_dir, const char *uuid, struct err *e)
{
	own_free char *path = path_of(images_dir, uuid, ENDING);
	own_free char *bound = path_of(images_dir, uuid, ".yaml");

	if (access(bound, F_OK) == 0)
		return imagepending_remove(images_dir, uuid, e) < 0 ? -1 : 0;
	if (FAILSTEP("pending-rename", rename(path, bound)) < 0)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot rename %s", path);
	return fs_sync_parent(AT_FDCWD, bound, e) < 0 ? -1 : 1;
}

int imagepending_remove(const char *images_dir, const char *uuid, struct err *e)
{
	own_free char *path = path_of(images_dir, uuid, ENDING);

	if (FAILSTEP("pending-unlink", unlink(path)) < 0)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	return 1;
}
