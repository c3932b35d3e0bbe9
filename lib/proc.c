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

/* Parses "PID (NAME) STATE …"; fields 14, 15 and 22 are times. */
int proc_stat(pid_t pid, struct proc_stat *out)
{
	char path[64], text[STAT_MAX];
	unsigned long long user, kernel, start;
	const char *open, *close;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_text(path, text, sizeof(text)) <= 0)
		return -1;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open ||
	    sscanf(close + 1,
		   " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %*s %*s %*s %*s %*s %*s "
		   "%llu",
		   &out->state, &user, &kernel, &start) != 4)
		return -1;
	snprintf(out->name, sizeof(out->name), "%.*s", (int)(close - open - 1), open + 1);
	out->cpu_ticks = user + kernel;
	out->start = start;
	return 0;
}

static bool has_ended(char state)
{
	return state == 'Z' || state == 'X' || state == 'x';
}

int proc_identify(pid_t pid, struct proc_id *out)
{
	struct proc_id id = {.pid = pid, .ns = namespace_of("self"), .boot = boot_now()};
	struct proc_stat now;

	if (proc_stat(pid, &now) < 0 || has_ended(now.state))
		return -1;
	id.start = now.start;
	*out = id;
	return 0;
}

static enum proc_life look_here(const struct proc_id *id)
{
	struct proc_stat now;

	if (proc_stat(id->pid, &now) == 0)
		return now.start != id->start || has_ended(now.state) ? PROC_DEAD : PROC_ALIVE;
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
		struct proc_stat now;
		char who[16];

		snprintf(who, sizeof(who), "%d", (int)pid);
		if (namespace_of(who) != id->ns)
			continue;
		seen = true;
		if (innermost_pid(pid) == id->pid && proc_stat(pid, &now) == 0 &&
		    !has_ended(now.state))
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
