/* spawn: DIAGNOSTICS: ERR_OPERATOR if the program is missing or not executable. ERR_NOBODY if the
 * machine is out of processes or memory, or if a program takes too long: the node may be busy. */
#include "lib/spawn.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

/* Sent from the child to its parent over a close-on-exec pipe if it cannot exec. */
struct failure {
	int number;
	char step[32];
};

static void child_fail(int report, const char *step)
{
	struct failure f = {.number = errno};

	strncpy(f.step, step, sizeof(f.step) - 1);
	(void)!write(report, &f, sizeof(f));
	_exit(127);
}

static void child_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* On cgroup v1, a write to cgroup.procs waits for an RCU grace period, 10 ms and more, because it
 * may move threads of a process that forks meanwhile. A thread that moves itself by "tasks" does
 * not wait, and a child after a fork is one thread. v2 has no such file. */
static void child_join(int dir, int report)
{
	int members = openat(dir, "tasks", O_WRONLY | O_CLOEXEC);

	if (members < 0)
		members = openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (members < 0 || write(members, "0", 1) < 0)
		child_fail(report, "join its cgroup");
	close(members);
}

static void child_limit(const struct spawn_limit *l, int report)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)l->resource, &now) < 0)
		child_fail(report, "read its limits");
	now.rlim_max = l->hard < now.rlim_max ? l->hard : now.rlim_max;
	now.rlim_cur = l->soft < now.rlim_max ? l->soft : now.rlim_max;
	if (setrlimit((__rlimit_resource_t)l->resource, &now) < 0)
		child_fail(report, "set its limits");
}

enum { PARKED = 512 };

static bool is_target(const struct spawn *s, int fd)
{
	for (size_t i = 0; i < s->nfds; i++)
		if (s->fds[i].to == fd)
			return true;
	return false;
}

/* First duplicates all sources above PARKED, then puts them in place, so that no target overwrites
 * another entry's source. */
static void child_fds(const struct spawn *s, int report, int null)
{
	int std[3] = {s->in < 0 ? null : s->in, s->out < 0 ? null : s->out,
		      s->err < 0 ? null : s->err};
	int parked[16];
	unsigned int next = 3;
	size_t n = s->nfds;

	if (n > sizeof(parked) / sizeof(parked[0])) {
		errno = EINVAL;
		child_fail(report, "descriptors");
	}
	for (int i = 0; i < 3; i++)
		std[i] = fcntl(std[i], F_DUPFD_CLOEXEC, PARKED);
	for (size_t i = 0; i < n; i++)
		parked[i] = fcntl(s->fds[i].from, F_DUPFD_CLOEXEC, PARKED);
	for (int i = 0; i < 3; i++)
		if (dup2(std[i], i) < 0)
			child_fail(report, "dup2");
	for (size_t i = 0; i < n; i++)
		if (dup2(parked[i], s->fds[i].to) < 0)
			child_fail(report, "dup2");
	for (size_t i = 0; i < n; i++)
		if ((unsigned int)s->fds[i].to >= next)
			next = (unsigned int)s->fds[i].to + 1;
	/* Descriptors that our own parent left open may lie between the targets. */
	for (unsigned int fd = 3; fd < next; fd++)
		if (!is_target(s, (int)fd))
			close((int)fd);
	/* The report pipe is close-on-exec and parked high by the parent. */
	if (next <= (unsigned int)report - 1)
		syscall(SYS_close_range, next, (unsigned int)report - 1, 0);
	syscall(SYS_close_range, (unsigned int)report + 1, ~0U, 0);
}

static void child_run(const struct spawn *s, bool joined, int report, int null, pid_t parent)
{
	child_signals();
	for (size_t i = 0; i < s->njoin && !joined; i++)
		child_join(s->join[i], report);
	child_fds(s, report, null);
	/* -1 would silently change nothing. A configuration that lost a line must not give us
	 * root. */
	if (s->set_ids && (s->uid == 0 || s->uid == (uid_t)-1 || s->gid == (gid_t)-1)) {
		errno = EINVAL;
		child_fail(report, "become its user");
	}
	if (s->set_ids && (setgroups(0, NULL) < 0 || setresgid(s->gid, s->gid, s->gid) < 0 ||
			   setresuid(s->uid, s->uid, s->uid) < 0))
		child_fail(report, "drop to its user");
	/* Limits follow the descriptors, which may be above the new limit. */
	for (size_t i = 0; i < s->nlimits; i++)
		child_limit(&s->limits[i], report);
	/* Set after the change of ids, which clears it. */
	prctl(PR_SET_PDEATHSIG, s->death ? s->death : SIGKILL);
	if (getppid() != parent)
		_exit(127);
	if (s->cwd && chdir(s->cwd) < 0)
		child_fail(report, "enter its directory");
	if (s->envp)
		environ = (char **)(void *)s->envp;
	execvp(s->argv[0], (char *const *)(void *)s->argv);
	child_fail(report, "be executed");
}

/* EOF on the pipe means that exec succeeded. */
static int await_exec(int fd, const char *name, struct child *c, struct err *e)
{
	struct failure f;
	ssize_t n;

	do
		n = read(fd, &f, sizeof(f));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(f))
		return 0;
	f.step[sizeof(f.step) - 1] = '\0';
	spawn_wait(c);
	errno = f.number;
	return err_sys(e, ERR_OPERATOR, "%s could not %s", name, f.step);
}

static bool is_v2(int dir)
{
	struct statfs fs;

	return fstatfs(dir, &fs) == 0 && (unsigned long)fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* Like fork; *joined tells the child whether it is already in its cgroup. A child created inside
 * its cgroup was never outside, and saves the kernel a migration. This needs cgroup v2; if the
 * kernel refuses, and on v1, the child joins by itself. */
static pid_t fork_into(const struct spawn *s, bool *joined)
{
	struct clone_args how = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	long pid;

	*joined = false;
	if (s->njoin != 1 || !is_v2(s->join[0]))
		return fork();
	how.cgroup = (unsigned long long)s->join[0];
	pid = syscall(SYS_clone3, &how, sizeof(how));
	if (pid < 0)
		return fork();
	*joined = true;
	return (pid_t)pid;
}

int spawn_start(const struct spawn *s, struct child *out, struct err *e)
{
	own_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	own_fd int ours = -1;
	own_fd int theirs = -1;
	pid_t parent = getpid();
	struct child c = {.pidfd = -1};
	sigset_t all, before;
	bool joined;
	int pair[2];

	if (null < 0 || pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, ERR_NOBODY, "cannot start %s", s->argv[0]);
	ours = pair[0];
	theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, PARKED - 1);
	close(pair[1]);
	if (theirs < 0)
		return err_sys(e, ERR_NOBODY, "cannot start %s", s->argv[0]);
	/* None of our handlers may run in the child before it resets them. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	c.pid = fork_into(s, &joined);
	if (c.pid == 0)
		child_run(s, joined, theirs, null, parent);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (c.pid < 0)
		return err_sys(e, ERR_NOBODY, "cannot start %s", s->argv[0]);
	if (spawn_adopt(c.pid, &c, e) < 0) {
		err_wrap(e, "cannot watch %s", s->argv[0]);
		spawn_kill(&c);
		return -1;
	}
	close(steal_fd(&theirs));
	if (await_exec(ours, s->argv[0], &c, e) < 0)
		return -1;
	*out = c;
	return 0;
}

int spawn_adopt(pid_t pid, struct child *out, struct err *e)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return err_sys(e, ERR_NOBODY, "cannot hold on to process %d", (int)pid);
	*out = (struct child){.pid = pid, .pidfd = pidfd};
	return 0;
}

int spawn_wait(struct child *c)
{
	int status = 0;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (c->pidfd >= 0)
		close(c->pidfd);
	c->pidfd = -1;
	c->pid = 0;
	return status;
}

void spawn_kill(struct child *c)
{
	kill(c->pid, SIGKILL);
	spawn_wait(c);
}

bool spawn_ends_within(const struct child *c, int ms)
{
	int64_t deadline_ms = clock_mono_ms() + ms;
	struct pollfd ended = {.fd = c->pidfd, .events = POLLIN};
	int rc;

	do
		rc = poll(&ended, 1, ms);
	while (rc < 0 && errno == EINTR && (ms = (int)(deadline_ms - clock_mono_ms())) > 0);
	return rc == 1;
}

bool spawn_end(struct child *c, int ms)
{
	if (!spawn_ends_within(c, ms)) {
		kill(c->pid, SIGKILL);
		if (!spawn_ends_within(c, ms))
			return false;
	}
	spawn_wait(c);
	return true;
}

/* Reads until EOF. Returns 0, or -1 with e filled on too much output, a timeout or an error. */
static int drain(int fd, const char *name, int timeout_ms, size_t max, char **out, size_t *len,
		 struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	own_free char *buf = malloc(max + 1);
	size_t used = 0;

	if (!buf)
		return err_set(e, ERR_NOBODY, "out of memory for the output of %s", name);
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = deadline_ms - clock_mono_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0) {
			err_set(e, ERR_NOBODY, "%s did not end within %d ms", name, timeout_ms);
			e->sys = ETIMEDOUT;
			return -1;
		}
		n = read(fd, buf + used, max - used + (used == max));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_US, "cannot read from %s", name);
		if (n == 0)
			break;
		if (used == max)
			return err_set(e, ERR_OPERATOR, "%s printed more than %zu bytes", name,
				       max);
		used += (size_t)n;
	}
	buf[used] = '\0';
	*len = used;
	*out = steal_ptr(&buf);
	return 0;
}

int spawn_capture(const struct spawn *s, int timeout_ms, size_t max, char **out, size_t *len,
		  struct err *e)
{
	struct spawn copy = *s;
	own_fd int ours = -1;
	own_fd int theirs = -1;
	struct child c;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, ERR_NOBODY, "cannot start %s", s->argv[0]);
	ours = pair[0];
	theirs = pair[1];
	copy.out = theirs;
	if (spawn_start(&copy, &c, e) < 0)
		return -1;
	close(steal_fd(&theirs));
	if (drain(ours, s->argv[0], timeout_ms, max, out, len, e) < 0) {
		spawn_kill(&c);
		return -1;
	}
	return spawn_wait(&c);
}

const char *spawn_status_text(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(buf, size, "exit %d", WEXITSTATUS(status));
	return buf;
}
