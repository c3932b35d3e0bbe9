/* standstill: DIAGNOSTICS: ERR_OPERATOR if run_dir is not writable. */
#include "state/standstill.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Renames the file into place, but does not sync it: the disk may be what is full. */
static int replace(const char *run_dir, const char *path, const char *text, struct err *e)
{
	own_free char *aside = fs_path("%s/.standstill.tmp", run_dir);
	own_fd int fd = fs_create(AT_FDCWD, aside, O_WRONLY, 0640);

	if (fd < 0 || fchmod(fd, 0640) < 0 || fs_write_all(fd, text, strlen(text)) < 0 ||
	    rename(aside, path) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write %s", path);
	return 0;
}

int standstill_say(const char *run_dir, const char *text, struct err *e)
{
	own_free char *path = fs_path("%s/standstill", run_dir);

	if (!text && unlink(path) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	return text ? replace(run_dir, path, text, e) : 0;
}

bool standstill_read(const char *run_dir, char buf[STANDSTILL_MAX])
{
	own_free char *path = fs_path("%s/standstill", run_dir);
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	buf[0] = '\0';
	if (fs_read(AT_FDCWD, path, STANDSTILL_MAX - 1, &text, &len, &ignored) < 0 || len == 0)
		return false;
	memcpy(buf, text, len + 1);
	return true;
}

static char *drain_path(const char *run_dir)
{
	return fs_path("%s/drain", run_dir);
}

int drain_begin(const char *run_dir, struct err *e)
{
	own_free char *path = drain_path(run_dir);
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);

	return fd < 0 ? err_sys(e, ERR_OPERATOR, "cannot make %s", path) : 0;
}

int drain_end(const char *run_dir, struct err *e)
{
	own_free char *path = drain_path(run_dir);

	return unlink(path) < 0 && errno != ENOENT
		       ? err_sys(e, ERR_OPERATOR, "cannot remove %s", path)
		       : 0;
}

bool drain_is_on(const char *run_dir)
{
	own_free char *path = drain_path(run_dir);

	return access(path, F_OK) == 0;
}
