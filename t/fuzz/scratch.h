/* One input as a file, for parsers that open theirs: in a directory of this process's own, which is
 * removed at its end. */
#ifndef HORNERO_T_FUZZ_SCRATCH_H
#define HORNERO_T_FUZZ_SCRATCH_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_dir[64];
static char scratch_name[64];

static inline void scratch_end(void)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", scratch_dir, scratch_name);
	unlink(path);
	rmdir(scratch_dir);
}

/* The directory, with the input as the file `name` in it. */
static inline const char *scratch(const char *name, const uint8_t *data, size_t size)
{
	char path[160];
	int fd;

	if (!*scratch_dir) {
		snprintf(scratch_dir, sizeof(scratch_dir), "%s/hornero-fuzz.XXXXXX",
			 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		snprintf(scratch_name, sizeof(scratch_name), "%s", name);
		if (!mkdtemp(scratch_dir))
			abort();
		atexit(scratch_end);
	}
	snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || (size > 0 && write(fd, data, size) != (ssize_t)size))
		abort();
	close(fd);
	return scratch_dir;
}

static inline void promise(int kept)
{
	if (!kept)
		abort();
}

#endif
