/* alone: DIAGNOSTICS: ERR_NOBODY if the program runs already; as fs. */
#include "lib/alone.h"

#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>

enum { WAIT_MS = 1000 /* alone_is_taken() has the lock for a moment */ };

int alone_take(const char *dir, const char *program, struct err *e)
{
	own_fd int fd = -1;
	int held;

	if (fs_mkdir_p(dir, 0755, e) < 0)
		return -1;
	fd = fs_open_dir(AT_FDCWD, dir, e);
	held = fd < 0 ? -1 : fs_flock(fd, WAIT_MS, e);
	if (held == 0)
		return err_set(e, ERR_NOBODY, "another %s runs: it has %s", program, dir);
	if (held < 0 || fs_clear_staging(dir, e) < 0)
		return -1;
	return steal_fd(&fd);
}

int alone_is_taken(const char *dir)
{
	struct err ignored = ERR_INIT;
	own_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int held;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	held = fs_flock_shared(fd, 0, &ignored);
	return held < 0 ? -1 : held == 0;
}
