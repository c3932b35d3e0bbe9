/* images: DIAGNOSTICS: ERR_OPERATOR where the directory cannot be read, ERR_NOBODY out of memory. A file that
 * cannot be used is images_load's to tell about. */
#include "hooks/images.h"

#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

enum { GLANCE_BYTES = 4096 /* image files are far smaller; a larger one is parsed */ };

static bool is_image_file(const char *file, char uuid[UUID_LEN + 1])
{
	if (strlen(file) != UUID_LEN + strlen(".yaml") || strcmp(file + UUID_LEN, ".yaml") != 0)
		return false;
	memcpy(uuid, file, UUID_LEN);
	uuid[UUID_LEN] = '\0';
	return uuid_valid(uuid);
}

static bool may_be_of(int dir, const char *file, const char *repo)
{
	own_fd int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[GLANCE_BYTES];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n < 0 || n == GLANCE_BYTES)
		return true;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\\' || text[i] == '\0' || (unsigned char)text[i] > 0x7f)
			return true;
	return memmem(text, (size_t)n, repo, strlen(repo)) != NULL;
}

static int by_uuid(const void *a, const void *b)
{
	return strcmp(((const struct image *)a)->uuid, ((const struct image *)b)->uuid);
}

/* One more, if it can be used. */
static int add(const char *images_dir, const char *uuid, struct image **list, size_t *n, struct err *e)
{
	struct image *more = reallocarray(*list, *n + 1, sizeof(*more));
	struct err why = ERR_INIT;

	if (!more)
		return err_set(e, ERR_NOBODY, "out of memory for the images of %s", images_dir);
	*list = more;
	if (image_load(images_dir, uuid, &more[*n], &why) == 0)
		(*n)++;
	return 0;
}

int images_near(const char *images_dir, const char *repo, struct image **out, size_t *n, struct err *e)
{
	own_dir DIR *d = opendir(images_dir);
	struct image *list = NULL;
	struct dirent *entry;
	char uuid[UUID_LEN + 1];
	size_t count = 0;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot read the images in %s (hornero init makes it)", images_dir);
	while ((entry = readdir(d))) {
		if (!is_image_file(entry->d_name, uuid) || !may_be_of(dirfd(d), entry->d_name, repo))
			continue;
		if (add(images_dir, uuid, &list, &count, e) < 0) {
			images_free(list, count);
			return -1;
		}
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), by_uuid);
	*out = list;
	*n = count;
	return 0;
}
