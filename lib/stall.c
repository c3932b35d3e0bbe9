/* stall: DIAGNOSTICS: none; an unavailable figure is -1. */
#include "lib/stall.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

double stall_percent(const char *dir, const char *name)
{
	static const char field[] = "some avg10=";
	own_free char *path = fs_path("%s/%s", dir, name);
	own_free char *group_path = fs_path("%s/%s.pressure", dir, name);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t n;

	if (fd < 0)
		fd = open(group_path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return strncmp(text, field, strlen(field)) == 0 ? strtod(text + strlen(field), NULL) : -1;
}

double stall_load(void)
{
	double load;

	return getloadavg(&load, 1) == 1 ? 100 * load / (double)sysconf(_SC_NPROCESSORS_ONLN) : -1;
}
