/* images: DIAGNOSTICS: ERR_OPERATOR if the directory cannot be read, ERR_NOBODY if memory runs out.
 * images_load reports unusable files. */
#include "hooks/images.h"

#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

enum { GLANCE_BYTES = 4096 /* image files are far smaller; a larger one is always parsed */ };

static bool may_be_of(int dir, const char *file, const void *arg)
{
	const char *repo = arg;
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

int images_near(const char *images_dir, const char *repo, struct image **out, size_t *n,
		struct err *e)
{
	struct image *list = NULL;
	size_t all = 0, whole = 0;

	if (images_load_some(images_dir, may_be_of, repo, &list, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all; i++)
		if (!list[i].broken)
			list[whole++] = list[i];
	*out = list;
	*n = whole;
	return 0;
}
