/* holders: DIAGNOSTICS: none; a process that cannot be examined counts as a holder, except as
 * works_here() says. */
#include "state/holders.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "lib/proc.h"
#include "lib/process.h"
#include "state/underway.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	TEXT_MAX = 65536,
	PATH_SIZE = 64,
	TICK_NS = 20000000, /* file times are as coarse as the kernel's tick */
	LOCK_MAX_S = 600,   /* git holds a lock for moments, `git gc` for minutes */
};

struct search {
	int repo;
	struct stat top;         /* the repository's directory */
	const struct stat *file;
	bool is_quarantine;
	struct holder *out;
	bool found;
	bool is_explained; /* a dead push may have left the file */
};

static bool is_older(const struct timespec *a, const struct timespec *b)
{
	int64_t by_ns = (int64_t)(b->tv_sec - a->tv_sec) * 1000000000 + (b->tv_nsec - a->tv_nsec);

	return by_ns > TICK_NS;
}

/* Reads the NUL-separated strings of /proc/PID/NAME and appends two NULs. Returns the length, or
 * -1. */
static ssize_t read_strings(pid_t pid, const char *name, char buf[TEXT_MAX])
{
	char path[PATH_SIZE];
	own_fd int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, TEXT_MAX - 2);
	if (n >= 0)
		buf[n] = buf[n + 1] = '\0';
	return n;
}

static const char *next(const char *text)
{
	return text + strlen(text) + 1;
}

/* Returns "receive-pack" for `git -c x=y receive-pack .` and for `git-receive-pack .`, or NULL if
 * the program is not git. */
static const char *git_command(const char *argv, const char *end)
{
	const char *slash = strrchr(argv, '/');
	const char *program = slash ? slash + 1 : argv;

	if (strncmp(program, "git-", 4) == 0)
		return program + 4;
	if (strcmp(program, "git") != 0)
		return NULL;
	for (const char *at = next(argv); at < end; at = next(at)) {
		if (*at != '-')
			return at;
		if (strcmp(at, "-c") == 0 || strcmp(at, "-C") == 0 ||
		    strcmp(at, "--git-dir") == 0 || strcmp(at, "--work-tree") == 0 ||
		    strcmp(at, "--namespace") == 0 || strcmp(at, "--config-env") == 0)
			at = next(at);
	}
	return "";
}

/* Commands that change nothing which git locks. receive-pack and the unpackers that it starts are
 * among them: the mark of a push tells when it may lock. */
static bool locks_nothing(const char *command)
{
	static const char *const harmless[] = {
		"receive-pack", "index-pack", "unpack-objects", "upload-pack", "upload-archive",
		"pack-objects", "rev-list", "cat-file", "rev-parse", "for-each-ref", "log", "show",
		"diff", "grep", "ls-tree", "ls-remote", "fsck", "archive", "count-objects", "push",
		"send-pack", "fetch-pack", "clone", "remote-https",
	};

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strcmp(command, harmless[i]) == 0)
			return true;
	return false;
}

static bool receives(const char *command)
{
	return strcmp(command, "receive-pack") == 0 || strcmp(command, "index-pack") == 0 ||
	       strcmp(command, "unpack-objects") == 0;
}

/* Whether path, relative to that process's working directory, is our repository. */
static bool leads_here(const struct search *s, int cwd, const char *path)
{
	struct stat st;

	return fstatat(cwd, path, &st, 0) == 0 && fs_is_same(&st, &s->top);
}

static bool names_repo(const struct search *s, pid_t pid, int cwd, const char *argv,
		       const char *end)
{
	char env[TEXT_MAX];
	ssize_t n;

	for (const char *at = argv; at < end; at = next(at)) {
		const char *dir = strncmp(at, "--git-dir=", 10) == 0 ? at + 10
				  : strcmp(at, "--git-dir") == 0     ? next(at)
								     : NULL;

		if (dir && leads_here(s, cwd, dir))
			return true;
	}
	n = read_strings(pid, "environ", env);
	for (const char *at = env; at < env + (n < 0 ? 0 : n); at = next(at))
		if (strncmp(at, "GIT_DIR=", 8) == 0)
			return leads_here(s, cwd, at + 8);
	return false;
}

/* Whether that git process, of the user who created the file, works in our repository. If we may
 * not examine it, the answer is yes; but no for a third user, who may not remove the file anyway,
 * if a push that died explains it: a git process of another repository would hide that. */
static bool works_here(const struct search *s, pid_t pid, const char *argv, const char *end)
{
	char path[PATH_SIZE], here[4096], there[4096];
	own_fd int cwd = -1;
	struct stat st;
	ssize_t n, m;

	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)pid);
	cwd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cwd < 0)
		return (errno == EACCES || errno == EPERM) &&
		       (!s->is_explained || geteuid() == 0 || geteuid() == s->file->st_uid);
	if (fstat(cwd, &st) == 0 && fs_is_same(&st, &s->top))
		return true;
	/* Its working directory may be below the repository. */
	m = readlink(path, there, sizeof(there));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->repo);
	n = readlink(path, here, sizeof(here));
	if (n > 0 && m > n && memcmp(here, there, (size_t)n) == 0 && there[n] == '/')
		return true;
	return names_repo(s, pid, cwd, argv, end);
}

static bool has_open(const struct search *s, pid_t pid)
{
	char path[PATH_SIZE];
	own_dir DIR *fds = NULL;
	struct dirent *d;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	fds = opendir(path);
	while (fds && (d = readdir(fds)))
		if (*d->d_name != '.' && fstatat(dirfd(fds), d->d_name, &st, 0) == 0 &&
		    fs_is_same(&st, s->file))
			return true;
	return false;
}

static void found(struct search *s, pid_t pid)
{
	struct process p;
	bool is_stopped = pid && process_look(pid, &p) && process_is_stopped(p.state);

	*s->out = (struct holder){.pid = pid, .is_stopped = is_stopped};
	s->found = true;
}

static bool may_hold(const struct search *s, pid_t pid)
{
	char argv[TEXT_MAX], path[PATH_SIZE];
	ssize_t n = read_strings(pid, "cmdline", argv);
	const char *command = n > 0 ? git_command(argv, argv + n) : NULL;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (n <= 0 || stat(path, &st) < 0)
		return false; /* a kernel thread, a zombie, or ended */
	if (command && st.st_uid == s->file->st_uid &&
	    (s->is_quarantine ? receives(command) : !locks_nothing(command)) &&
	    works_here(s, pid, argv, argv + n))
		return true;
	return !s->is_quarantine && has_open(s, pid);
}

static void search_processes(struct search *s)
{
	own_dir DIR *proc = opendir("/proc");
	pid_t self = getpid(), parent = getppid(), pid;

	if (!proc) {
		found(s, 0);
		return;
	}
	while (!s->found && (pid = proc_next(proc)))
		if (pid != self && pid != parent && may_hold(s, pid))
			found(s, pid);
}

/* A push takes its locks after it leaves its mark. Both times come from the same filesystem and
 * clock. */
static void try_push(void *arg, const struct underway *u)
{
	struct search *s = arg;

	bool may_lock = !is_older(&s->file->st_ctim, &u->st.st_ctim);

	s->is_explained = s->is_explained ||
			  (u->life == PROC_DEAD && may_lock && !s->is_quarantine);
	if (s->found || u->life == PROC_DEAD || (u->life == PROC_ALIVE && u->who.pid == getppid()))
		return;
	if (s->is_quarantine ? u->life == PROC_HIDDEN : may_lock)
		found(s, u->life == PROC_ALIVE ? u->who.pid : 0);
}

/* Processes of other PID namespaces may have no mark: other git commands, and pushes that still
 * transfer. Only the file's age can exclude them. */
static bool may_be_hidden(const struct search *s)
{
	int64_t age_s = time(NULL) - s->file->st_mtime;

	return !proc_sees_all() && !s->is_explained &&
	       age_s <= (s->is_quarantine ? PUSH_MAX_S : LOCK_MAX_S);
}

static bool search(struct search *s)
{
	if (fstat(s->repo, &s->top) < 0)
		return true;
	underway_each(s->repo, try_push, s);
	if (!s->found)
		search_processes(s);
	if (!s->found && may_be_hidden(s))
		found(s, 0);
	return s->found;
}

bool holders_of_lock(int repo, const struct stat *lock, struct holder *out)
{
	struct search s = {.repo = repo, .file = lock, .out = out};

	*out = (struct holder){0};
	return search(&s);
}

bool holders_of_quarantine(int repo, const struct stat *quarantine, struct holder *out)
{
	struct search s = {.repo = repo, .file = quarantine, .is_quarantine = true, .out = out};

	*out = (struct holder){0};
	return search(&s);
}
