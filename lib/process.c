/* process: DIAGNOSTICS: none; an unreadable process counts as missing. */
#include "lib/process.h"

#include "lib/escape.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { STATUS_MAX = 4096, CMDLINE_MAX = 16384 };

static bool read_of(pid_t pid, const char *file, size_t max, char **text, size_t *len)
{
	own_free char *path = fs_path("/proc/%d/%s", (int)pid, file);
	struct err ignored = ERR_INIT;

	return fs_read(AT_FDCWD, path, max, text, len, &ignored) == 0;
}

/* Counts the context switches of the first thread. */
static uint64_t switches_of(pid_t pid)
{
	/* also matches nonvoluntary_…, which follows */
	static const char field[] = "voluntary_ctxt_switches:";
	own_free char *text = NULL;
	uint64_t sum = 0;
	size_t len;

	if (!read_of(pid, "status", STATUS_MAX, &text, &len))
		return 0;
	for (const char *at = strstr(text, field); at; at = strstr(at + 1, field))
		sum += strtoull(at + strlen(field), NULL, 10);
	return sum;
}

bool process_look(pid_t pid, struct process *out)
{
	struct proc_stat now;

	if (proc_stat(pid, &now) < 0)
		return false;
	out->state = now.state;
	escape_text(out->name, sizeof(out->name), now.name, strlen(now.name), ESCAPE_LINE);
	out->signs = now.cpu_ticks + switches_of(pid);
	return true;
}

bool process_program(pid_t pid, char *name, size_t size)
{
	static const char removed[] = " (deleted)";
	own_free char *link = fs_path("/proc/%d/exe", (int)pid);
	char path[PATH_MAX];
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	const size_t behind = sizeof(removed) - 1;
	const char *slash;

	if (n <= 0)
		return false;
	path[n] = '\0';
	if (n > (ssize_t)behind && strcmp(path + (size_t)n - behind, removed) == 0)
		path[(size_t)n - behind] = '\0';
	slash = strrchr(path, '/');
	return (size_t)snprintf(name, size, "%s", slash ? slash + 1 : path) < size;
}

bool process_has_word(pid_t pid, const char *word)
{
	own_free char *words = NULL;
	size_t len;

	if (!read_of(pid, "cmdline", CMDLINE_MAX, &words, &len))
		return false;
	for (size_t at = 0; at < len; at += strlen(words + at) + 1)
		if (strcmp(words + at, word) == 0)
			return true;
	return false;
}

int process_each(int (*fn)(void *arg, pid_t pid), void *arg)
{
	own_dir DIR *d = opendir("/proc");
	pid_t pid;
	int rc = 0;

	while (rc == 0 && d && (pid = proc_next(d)))
		rc = fn(arg, pid);
	return rc;
}

int64_t process_still_ms(struct process_still *s, pid_t pid, int64_t now_ms)
{
	struct process p;
	bool may_be_still = process_look(pid, &p) &&
			    (process_is_stopped(p.state) || p.state == 'D');

	if (!may_be_still || s->since_ms == 0 || s->signs != p.signs || s->state != p.state) {
		*s = (struct process_still){0};
		if (may_be_still)
			*s = (struct process_still){p.signs, now_ms, p.state};
		return 0;
	}
	return now_ms - s->since_ms;
}

const char *process_state_words(char state)
{
	return process_is_stopped(state) ? "is stopped (state T)" : "hangs in the kernel (state D)";
}

/* Parses lines of proc(5): "1: FLOCK  ADVISORY  WRITE 4711 fe:01:1234 0 EOF". */
pid_t process_with_flock(const char *path)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	own_file FILE *f = NULL;
	struct stat st;
	char line[256];

	/* The kernel lists its locks after a grace period, 10 ms. Most often there is no holder. */
	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	f = fopen("/proc/locks", "re");
	if (!f || stat(path, &st) < 0)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		unsigned int major_no, minor_no;
		uint64_t inode;
		int pid;

		if (sscanf(line, "%*d: FLOCK %*s WRITE %d %x:%x:%" SCNu64, &pid, &major_no,
			   &minor_no, &inode) == 4 &&
		    pid > 0 && inode == st.st_ino && major_no == major(st.st_dev) &&
		    minor_no == minor(st.st_dev))
			return pid;
	}
	return 0;
}
