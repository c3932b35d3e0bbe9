/* cgdir: DIAGNOSTICS: ERR_OPERATOR if a group cannot be listed, ERR_US if one does not get
 * empty. */
#include "agent/cgroup/cgdir.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>

int cgdir_write(const char *dir, const char *file, const char *value)
{
	own_free char *path = fs_path("%s/%s", dir, file);
	own_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -1 : fs_write_all(fd, value, strlen(value));
}

/* Returns whether dir/file contains `word`. */
static bool holds(int dir, const char *file, const char *word)
{
	own_fd int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, word) != NULL;
}

bool cgdir_is_frozen(int dir)
{
	return holds(dir, "freezer.state", "FROZEN") || holds(dir, "cgroup.events", "frozen 1");
}

int64_t cgdir_number(const char *dir, const char *file, const char *field)
{
	own_free char *path = fs_path("%s/%s", dir, file);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	size_t len = field ? strlen(field) : 0;

	if (n <= 0)
		return 0;
	buf[n] = '\0';
	for (char *line = buf; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!field)
			return strtoll(line, NULL, 10);
		if (strncmp(line, field, len) == 0 && line[len] == ' ')
			return strtoll(line + len, NULL, 10);
	}
	return 0;
}

/* Calls fn for each group directly below dir. */
static int each_child(const char *dir, int (*fn)(const char *dir, void *arg, struct err *e),
		      void *arg, struct err *e)
{
	own_dir DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0
				       : err_sys(e, ERR_OPERATOR, "cannot list the cgroup %s", dir);
	while ((entry = readdir(d))) {
		own_free char *child = NULL;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		child = fs_path("%s/%s", dir, entry->d_name);
		if (fn(child, arg, e) < 0)
			return -1;
	}
	return 0;
}

struct visit {
	int (*fn)(const char *dir, void *arg, struct err *e);
	void *arg;
};

static int visit(const char *dir, void *arg, struct err *e)
{
	struct visit *v = arg;

	return each_child(dir, visit, v, e) < 0 ? -1 : v->fn(dir, v->arg, e);
}

int cgdir_each(const char *dir, int (*fn)(const char *dir, void *arg, struct err *e), void *arg,
	       struct err *e)
{
	return visit(dir, &(struct visit){fn, arg}, e);
}

/* Sends SIGKILL to all processes in dir. Returns one of them, 0 if there is none. */
static int kill_members(const char *dir)
{
	own_free char *path = fs_path("%s/cgroup.procs", dir);
	own_file FILE *f = fopen(path, "re");
	int pid, some = 0;

	while (f && fscanf(f, "%d", &pid) == 1) {
		some = pid;
		if (pid > 1 && pid != getpid())
			kill(pid, SIGKILL);
	}
	return some;
}

static int end(const char *dir, void *deadline_ms, struct err *e)
{
	return cgdir_end(dir, *(int64_t *)deadline_ms, e);
}

int cgdir_clear(const char *dir, int64_t deadline_ms, struct err *e)
{
	return each_child(dir, end, &deadline_ms, e);
}

int cgdir_end(const char *dir, int64_t deadline_ms, struct err *e)
{
	const struct timespec nap = {.tv_nsec = 500000};

	(void)cgdir_write(dir, "cgroup.kill", "1");
	if (cgdir_clear(dir, deadline_ms, e) < 0)
		return -1;
	for (;;) {
		int member = kill_members(dir);

		if (member == 0 && (rmdir(dir) == 0 || errno == ENOENT))
			return 0;
		if (clock_mono_ms() >= deadline_ms)
			return err_set(e, ERR_US, "the cgroup %s does not become empty (process "
				       "%d)", dir, member);
		nanosleep(&nap, NULL);
	}
}
