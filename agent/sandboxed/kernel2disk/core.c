/* core: DIAGNOSTICS: none; an image that cannot be kept or found is made again. */
#include "agent/sandboxed/kernel2disk/core.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IMAGE_MAX = 1 << 20, TEXT_MAX = 1 << 16 };

/* The text and the image follow. */
struct head {
	char magic[8];
	uint32_t text_len, image_len;
};
static const char magic[sizeof(((struct head *)0)->magic)] = "grubcor";

static bool write_new(const char *path, const void *data, size_t len)
{
	own_fd int fd = fs_create(AT_FDCWD, path, O_WRONLY, 0600);

	return fd >= 0 && fs_write_all(fd, data, len) == 0;
}

bool core_find(int kept, const char *text, size_t len, const char *path)
{
	struct head h;
	own_free char *rest = NULL;
	size_t size;

	if (fs_pread(kept, &h, sizeof(h), 0) != (ssize_t)sizeof(h) ||
	    memcmp(h.magic, magic, sizeof(magic)) != 0 || h.text_len != len || len > TEXT_MAX ||
	    h.image_len > IMAGE_MAX)
		return false;
	size = len + h.image_len;
	rest = malloc(size + 1);
	return rest && fs_pread(kept, rest, size, sizeof(h)) == (ssize_t)size &&
	       memcmp(rest, text, len) == 0 && write_new(path, rest + len, h.image_len);
}

static bool keep(int kept, const char *text, size_t len, const char *path)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	own_free char *image = malloc(IMAGE_MAX + 1);
	ssize_t n = fd < 0 || !image ? -1 : fs_pread(fd, image, IMAGE_MAX + 1, 0);
	struct head h = {.text_len = (uint32_t)len};

	if (n < 0 || n > IMAGE_MAX || len > TEXT_MAX)
		return false;
	memcpy(h.magic, magic, sizeof(magic));
	h.image_len = (uint32_t)n;
	return lseek(kept, 0, SEEK_SET) == 0 && fs_write_all(kept, &h, sizeof(h)) == 0 &&
	       fs_write_all(kept, text, len) == 0 && fs_write_all(kept, image, (size_t)n) == 0;
}

void core_keep(int kept, const char *text, size_t len, const char *path)
{
	if (ftruncate(kept, 0) == 0 && !keep(kept, text, len, path))
		(void)!ftruncate(kept, 0);
}
