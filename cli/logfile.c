/* logfile: DIAGNOSTICS: errno. */
#include "cli/logfile.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "lib/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool unpack(struct logfile *f)
{
	struct err ignored = ERR_INIT;

	f->packed = unpack_new(f->fd, &ignored);
	if (!f->packed)
		errno = ENOMEM;
	return f->packed;
}

bool logfile_open(struct logfile *f, const char *path)
{
	own_free char *packed = fs_path("%s.zst", path);

	*f = (struct logfile)LOGFILE_CLOSED;
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (f->fd >= 0 || errno != ENOENT)
		return f->fd >= 0;
	f->fd = open(packed, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (f->fd < 0)
		return false;
	if (unpack(f))
		return true;
	logfile_close(f);
	errno = ENOMEM;
	return false;
}

ssize_t logfile_read(void *file, char *buf, size_t size)
{
	struct logfile *f = file;
	ssize_t n;

	if (f->packed)
		return unpack_read(f->packed, buf, size);
	do
		n = read(f->fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n;
}

static bool skip(struct logfile *f, off_t left)
{
	char unused[65536];
	ssize_t n = 1;

	for (; left > 0 && n > 0; left -= n)
		n = logfile_read(f, unused, (size_t)left < sizeof(unused) ? (size_t)left
									  : sizeof(unused));
	return n >= 0;
}

bool logfile_rewind(struct logfile *f)
{
	if (lseek(f->fd, f->packed ? 0 : f->begin, SEEK_SET) < 0)
		return false;
	if (!f->packed)
		return true;
	unpack_free(f->packed);
	return unpack(f) && skip(f, f->begin);
}

void logfile_close(struct logfile *f)
{
	unpack_free(f->packed);
	own_fd_end(&f->fd);
	*f = (struct logfile)LOGFILE_CLOSED;
}
