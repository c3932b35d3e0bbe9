/* proc: DIAGNOSTICS: none; an unknown state is PROC_HIDDEN, never PROC_DEAD. */
#include "lib/proc.h"

#include "lib/clock.h"
#include "lib/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The inode of the machine's first PID namespace (linux/proc_ns.h). */
#define FIRST_PID_NS UINT64_C(0xeffffffc)

enum { STAT_MAX = 1024, STATUS_MAX = 4096 };

/* Returns the length, or -1. */
static ssize_t read_text(const char *path, char *buf, size_t size)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n >= 0)
		buf[n] = '\0';
	return n;
}

static uint32_t boot_now(void)
{
	char text[64];
	unsigned int boot = 0;

	if (read_text("/proc/sys/kernel/random/boot_id", text, sizeof(text)) < 0 ||
	    sscanf(text, "%8x", &boot) != 1)
		return 0;
	return boot;
}

/* Returns 0 if the namespace cannot be read. */
static uint64_t namespace_of(const char *who)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/ns/pid", who);
	return stat(path, &st) < 0 ? 0 : (uint64_t)st.st_ino;
}

bool proc_sees_all(void)
{
	return namespace_of("self") == FIRST_PID_NS;
}

int64_t proc_age_s(const struct proc_id *id)
{
	return clock_mono_ms() / 1000 - (int64_t)(id->start / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* Reads fields 3 and 22 of /proc/PID/stat (proc(5)). They follow the name, which may contain any
 * byte. */
static int read_stat(pid_t pid, char *state, uint64_t *start)
{
	char path[64], text[STAT_MAX];
	unsigned long long ticks;
	const char *behind;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_text(path, text, sizeof(text)) <= 0)
		return -1;
	behind = strrchr(text, ')');
	if (!behind || sscanf(behind + 1,
			      " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			      "%*s %*s %llu",
			      state, &ticks) != 2)
		return -1;
	*start = ticks;
	return 0;
}

static bool has_ended(char state)
{
	return state == 'Z' || state == 'X' || state == 'x';
}

int proc_identify(pid_t pid, struct proc_id *out)
{
	struct proc_id id = {.pid = pid, .ns = namespace_of("self"), .boot = boot_now()};
	char state;

	if (read_stat(pid, &state, &id.start) < 0 || has_ended(state))
		return -1;
	*out = id;
	return 0;
}

static enum proc_life look_here(const struct proc_id *id)
{
	uint64_t start;
	char state;

	if (read_stat(id->pid, &state, &start) == 0)
		return start != id->start || has_ended(state) ? PROC_DEAD : PROC_ALIVE;
	/* /proc may hide other users' processes (hidepid). */
	return kill(id->pid, 0) < 0 && errno == ESRCH ? PROC_DEAD : PROC_HIDDEN;
}

pid_t proc_next(DIR *proc)
{
	struct dirent *d;
	int pid;

	while ((d = readdir(proc)))
		if (*d->d_name >= '1' && *d->d_name <= '9' && sscanf(d->d_name, "%d", &pid) == 1)
			return pid;
	return 0;
}

/* Returns the process's PID in its own namespace: the last number of "NSpid:". */
static pid_t innermost_pid(pid_t pid)
{
	char path[64], text[STATUS_MAX];
	const char *line, *last;
	int inner = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (read_text(path, text, sizeof(text)) <= 0 || !(line = strstr(text, "\nNSpid:")))
		return 0;
	text[(size_t)(line - text) + 1 + strcspn(line + 1, "\n")] = '\0';
	last = strrchr(line + 1, '\t');
	return last && sscanf(last, "%d", &inner) == 1 ? inner : 0;
}

/* Our /proc shows all processes of a namespace below ours, under other numbers. */
static enum proc_life look_elsewhere(const struct proc_id *id, uid_t owner)
{
	own_dir DIR *proc = opendir("/proc");
	bool may_look = geteuid() == 0 || geteuid() == owner;
	bool seen = false;
	pid_t pid;

	while (proc && may_look && (pid = proc_next(proc))) {
		char who[16], state;
		uint64_t start;

		snprintf(who, sizeof(who), "%d", (int)pid);
		if (namespace_of(who) != id->ns)
			continue;
		seen = true;
		if (innermost_pid(pid) == id->pid && read_stat(pid, &state, &start) == 0 &&
		    !has_ended(state))
			return PROC_ALIVE;
	}
	return seen || (proc && may_look && proc_sees_all()) ? PROC_DEAD : PROC_HIDDEN;
}

enum proc_life proc_look(const struct proc_id *id, uid_t owner)
{
	uint64_t here = namespace_of("self");

	if (id->boot != boot_now())
		return PROC_DEAD;
	if (here == 0)
		return PROC_HIDDEN;
	return id->ns == here ? look_here(id) : look_elsewhere(id, owner);
}
