/* deliver: DIAGNOSTICS: ERR_OPERATOR: a program failed, or there is none. Its output goes to our
 * standard error. */
#include "notify/deliver.h"

#include "conf/check.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PROGRAMS_MOST = 100, GRACE_S = 5, TIMED_OUT = 124, KILLED = 137 };

struct programs {
	char names[PROGRAMS_MOST][DELIVER_NAME_MAX + 1];
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool is_safe(const struct stat *st)
{
	return (st->st_mode & 022) == 0 && (st->st_uid == 0 || st->st_uid == geteuid());
}

/* Returns 1 if it is a program, 0 if not, -1 if others may change it. A link leads to a program
 * elsewhere. */
static int look(const char *dir, int fd, const char *name, struct err *e)
{
	struct err ignored = ERR_INIT;
	struct stat st;

	if (check_component(name, &ignored) < 0 || fstatat(fd, name, &st, 0) < 0 ||
	    !S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0)
		return 0;
	return is_safe(&st) ? 1
			    : err_set(e, ERR_OPERATOR,
				      "other users can change the program %s/%s; it must belong "
				      "to root, with mode 0755",
				      dir, name);
}

static int list(const char *dir, struct programs *p, struct err *e)
{
	own_fd int fd = fs_open_dir(AT_FDCWD, dir, e);
	own_dir DIR *d = NULL;
	struct dirent *entry;
	struct stat st;
	int found;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_wrap(e, "events_dir");
	if (!is_safe(&st))
		return err_set(e, ERR_OPERATOR,
			       "other users can change %s (events_dir); it must belong to root, "
			       "with mode 0755",
			       dir);
	d = fdopendir(fd);
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s", dir);
	(void)steal_fd(&fd);
	while ((entry = readdir(d))) {
		found = look(dir, dirfd(d), entry->d_name, e);
		if (found < 0)
			return -1;
		if (found && p->n == PROGRAMS_MOST)
			return err_set(e, ERR_OPERATOR, "%s has more than %d programs", dir,
				       PROGRAMS_MOST);
		if (found)
			snprintf(p->names[p->n++], sizeof(p->names[0]), "%.*s",
				 DELIVER_NAME_MAX, entry->d_name);
	}
	if (p->n == 0)
		return err_set(e, ERR_OPERATOR, "%s (events_dir) has no program", dir);
	qsort(p->names, p->n, sizeof(p->names[0]), by_name);
	return 0;
}

static int event_file(const struct delivery *d, struct err *e)
{
	own_fd int fd = memfd_create("event", MFD_CLOEXEC);

	if (fd < 0 || fs_write_all(fd, d->text, d->len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, ERR_NOBODY, "cannot keep an event in memory");
	return steal_fd(&fd);
}

/* Returns the wait status, or -1 if we are to stop: then the program has ended. */
static int wait_for(const struct delivery *d, struct child *child)
{
	struct pollfd fds[] = {{.fd = child->pidfd, .events = POLLIN},
			       {.fd = d->stop, .events = POLLIN}};

	while (poll(fds, 2, -1) < 0 || !(fds[0].revents | fds[1].revents))
		;
	if (fds[0].revents)
		return spawn_wait(child);
	kill(child->pid, SIGTERM); /* timeout(1) passes it on to the group */
	(void)spawn_end(child, GRACE_S * 1000);
	return -1;
}

/* timeout(1) ends the whole process group of the program, not only the program. */
static enum delivered run(const struct delivery *d, const char *name, struct err *e)
{
	own_free char *path = fs_path("%s/%s", d->dir, name);
	own_free char *kind = fs_path("HORNERO_EVENT=%s", d->event);
	const char *const env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
				   "LANG=C.UTF-8", kind, NULL};
	char grace[16], limit[32], words[64];
	const char *const argv[] = {"/usr/bin/timeout", "-k", grace, limit, path, NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_fd int event = event_file(d, e);
	struct child child;
	int status, code;

	snprintf(grace, sizeof(grace), "%d", GRACE_S);
	snprintf(limit, sizeof(limit), "%lld", (long long)d->timeout_s);
	s.envp = env;
	s.in = event;
	s.out = s.err = STDERR_FILENO;
	s.cwd = "/";
	if (event < 0 || spawn_start(&s, &child, e) < 0)
		return DELIVERED_FAILED;
	status = wait_for(d, &child);
	if (status == 0)
		return DELIVERED_ALL;
	if (status == -1)
		return DELIVERED_STOPPED;
	code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	if (code == TIMED_OUT || code == KILLED)
		err_set(e, ERR_OPERATOR, "%s did not end within %s s (notify_timeout)", path,
			limit);
	else
		err_set(e, ERR_OPERATOR, "%s failed (%s)", path,
			spawn_status_text(status, words, sizeof(words)));
	return DELIVERED_FAILED;
}

enum delivered deliver(struct delivery *d, struct err *e)
{
	own_free struct programs *p = calloc(1, sizeof(*p));
	enum delivered one;

	if (!p)
		return err_set(e, ERR_NOBODY, "out of memory"), DELIVERED_FAILED;
	if (list(d->dir, p, e) < 0)
		return DELIVERED_FAILED;
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->names[i], d->done) <= 0)
			continue;
		one = run(d, p->names[i], e);
		if (one != DELIVERED_ALL)
			return one;
		memcpy(d->done, p->names[i], sizeof(d->done));
	}
	return DELIVERED_ALL;
}
