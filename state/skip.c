/* skip: DIAGNOSTICS: ERR_OPERATOR and ERR_NOBODY from fs_replace. */
#include "state/skip.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

enum { OID_MAX = 64 };

int skip_set(const char *skip_dir, const char *uuid, const char *commit, struct err *e)
{
	own_free char *path = fs_path("%s/%s", skip_dir, uuid);
	own_free char *line = fs_path("%s\n", commit);

	return fs_replace(AT_FDCWD, path, line, strlen(line), 0664, e);
}

void skip_clear(const char *skip_dir, const char *uuid)
{
	own_free char *path = fs_path("%s/%s", skip_dir, uuid);

	(void)FAILSTEP("skip-unlink", unlink(path));
}

bool skip_stands(const char *skip_dir, const struct image *img, const char *commit)
{
	own_free char *path = fs_path("%s/%s", skip_dir, img->uuid);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char text[OID_MAX + 2];
	ssize_t n = fd < 0 ? -1 : fs_pread(fd, text, sizeof(text) - 1, 0);
	size_t len = strlen(commit);

	return !image_pin_at(img, commit) && n == (ssize_t)len + 1 &&
	       memcmp(text, commit, len) == 0 && text[len] == '\n';
}
