/* cost: DIAGNOSTICS: none; a process that cannot be read has ended. */
#include "door/cost.h"

#include "lib/own.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STAT_MAX = 1024, CHILDREN_MAX = 512, MEGABYTE = 1000 * 1000 };

static bool read_text(const char *path, char *buf, size_t size)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

/* Returns the processor time of a child that is git itself; 0 for hooks and other programs
 * (proc(5), /proc/PID/stat). */
static int64_t spent_ms(pid_t pid, pid_t parent)
{
	char path[64], text[STAT_MAX];
	unsigned long long user, system;
	const char *behind;
	int above;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (!read_text(path, text, sizeof(text)) || !strstr(text, "(git)"))
		return 0;
	behind = strrchr(text, ')');
	if (sscanf(behind + 1, " %*c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu", &above,
		   &user, &system) != 3 ||
	    above != parent)
		return 0;
	return (int64_t)((user + system) * 1000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static int64_t allowed_ms(uint64_t bytes)
{
	int64_t by_bytes = (int64_t)(bytes / MEGABYTE) * COST_MS_PER_MB;

	return by_bytes > COST_FREE_MS ? by_bytes : COST_FREE_MS;
}

/* Opens the descriptor before reading /proc: once receive-pack has reaped the child, its PID may
 * belong to another process. */
static bool end_if_dear(pid_t pid, pid_t parent, int64_t most_ms)
{
	own_fd int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd >= 0 && spent_ms(pid, parent) > most_ms &&
	       syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0;
}

bool cost_watch(pid_t receive_pack, uint64_t bytes)
{
	char path[96], text[CHILDREN_MAX];
	bool killed = false;
	char *end;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)receive_pack,
		 (int)receive_pack);
	if (!read_text(path, text, sizeof(text)))
		return false;
	for (const char *at = text;; at = end) {
		pid_t pid = (pid_t)strtol(at, &end, 10);

		if (end == at)
			return killed;
		killed = (pid > 0 && end_if_dear(pid, receive_pack, allowed_ms(bytes))) || killed;
	}
}
