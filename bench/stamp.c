/*
 * stamp: writes the time at which it starts, then becomes another program.
 *
 * Appends the nanoseconds of CLOCK_MONOTONIC to the file PROGRAM.at and executes PROGRAM.real with
 * the same arguments, where PROGRAM is this program's own file. DIAGNOSTICS: 127.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec t;
	char self[PATH_MAX], path[PATH_MAX + 8];
	ssize_t n;
	int fd;

	clock_gettime(CLOCK_MONOTONIC, &t);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (argc < 1 || n < 0)
		return 127;
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s.at", self);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "%lld\n", (long long)t.tv_sec * 1000000000 + t.tv_nsec) < 0)
		return 127;
	snprintf(path, sizeof(path), "%s.real", self);
	execv(path, argv);
	return 127;
}
