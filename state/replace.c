/* replace: DIAGNOSTICS: ERR_OPERATOR and ERR_NOBODY from fs_replace. */
#include "state/replace.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

static char *line_of(const struct stat *st, int64_t born_ns)
{
	return fs_path("%ju %" PRId64 " %jd %jd.%09ld\n", (uintmax_t)st->st_ino, born_ns,
		       (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

int replace_permit(const char *images_dir, const char *uuid, const struct stat *st, int64_t born_ns,
		   struct err *e)
{
	own_free char *path = fs_path("%s/%s.replace", images_dir, uuid);
	own_free char *line = line_of(st, born_ns);

	return fs_replace(AT_FDCWD, path, line, strlen(line), 0664, e);
}

bool replace_permits(const char *images_dir, const char *uuid, const struct stat *st,
		     int64_t born_ns)
{
	own_free char *path = fs_path("%s/%s.replace", images_dir, uuid);
	own_free char *want = line_of(st, born_ns);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char text[128];
	ssize_t n = fd < 0 ? -1 : fs_pread(fd, text, sizeof(text), 0);

	return n > 0 && (size_t)n == strlen(want) && memcmp(text, want, (size_t)n) == 0;
}

void replace_clear(const char *images_dir, const char *uuid)
{
	own_free char *path = fs_path("%s/%s.replace", images_dir, uuid);

	(void)FAILSTEP("replace-permission-unlink", unlink(path));
}
