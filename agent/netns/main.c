/*
 * hornero-netns: runs one command in a network namespace of its own that slirp4netns connects to
 * the outside. hornero-build starts it for the sandbox of a fetch, as the user of builds.
 *
 *     hornero-netns COMMAND ARG…       3 <- error TEXT if the namespace cannot be made
 *
 * It starts itself again with --hold. That process makes a user and a network namespace, waits
 * until slirp4netns is attached, and then becomes the command. Descriptors 5 to 9 are passed on.
 *
 * The command reaches what the node reaches by IPv4, but not the node itself: neither its loopback
 * nor one of its other addresses. The command's sandbox has no capability that could change that.
 *
 * DIAGNOSTICS: the exit code is the command's; after "error TEXT" it is the class of the error.
 */
#include "agent/netns/routes.h"
#include "agent/sandboxed/report.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { GO_FD = 4, PASS_FIRST = 5, PASS_LAST = 9, READY_MS = 60000, END_MS = 5000 };

#define TUN "/dev/net/tun"

/* A network that nobody has (RFC 5737): slirp4netns' default may be one of the node's. The second
 * address is the router, the third the name server. */
#define CIDR "--cidr=192.0.2.0/24"

static int write_map(const char *path, const char *text, struct err *e)
{
	own_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || fs_write_all(fd, text, strlen(text)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write %s", path);
	return 0;
}

/* slirp4netns enters the namespace as its root to shut itself in, so the user is mapped to root. */
static int make_namespaces(struct err *e)
{
	own_free char *uid = fs_path("0 %u 1", geteuid());
	own_free char *gid = fs_path("0 %u 1", getegid());
	own_routes struct routes routes = {.n = 0};

	if (routes_of_node(&routes, e) < 0)
		return -1;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make a network namespace (see sysctl "
			       "user.max_net_namespaces)");
	if (write_map("/proc/self/setgroups", "deny", e) < 0 ||
	    write_map("/proc/self/uid_map", uid, e) < 0 ||
	    write_map("/proc/self/gid_map", gid, e) < 0)
		return -1;
	return routes_refuse(&routes, e);
}

/* Returns on error only. */
static int hold(char **command, struct err *e)
{
	char byte = 'r';

	if (make_namespaces(e) < 0)
		return -1;
	if (write(GO_FD, &byte, 1) != 1 || read(GO_FD, &byte, 1) != 1)
		return err_set(e, ERR_NOBODY, "hornero-netns ended while its command waited");
	fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
	fcntl(GO_FD, F_SETFD, FD_CLOEXEC);
	execvp(command[0], command);
	return err_sys(e, ERR_OPERATOR, "cannot execute %s", command[0]);
}

/* Returns 1 with a byte, 0 if the other side closed it, -1 if nothing came in time. */
static int await_byte(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;
	int n;

	do
		n = poll(&p, 1, READY_MS);
	while (n < 0 && errno == EINTR);
	return n <= 0 ? -1 : read(fd, &byte, 1) == 1;
}

static int start_holder(const char *self, char **command, int *go, struct child *out,
			struct err *e)
{
	struct spawn_fd fds[2 + PASS_LAST - PASS_FIRST + 1] = {{REPORT_FD, REPORT_FD}};
	own_free const char **argv = NULL;
	own_fd int theirs = -1;
	struct spawn s = SPAWN_INIT(NULL);
	size_t n = 0, nfds = 1;
	int pair[2];

	while (command[n])
		n++;
	argv = calloc(n + 3, sizeof(*argv));
	if (!argv || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, ERR_NOBODY, "cannot start a network namespace");
	*go = pair[0];
	theirs = pair[1];
	argv[0] = self;
	argv[1] = "--hold";
	memcpy(argv + 2, command, n * sizeof(*argv));
	fds[nfds++] = (struct spawn_fd){theirs, GO_FD};
	for (int fd = PASS_FIRST; fd <= PASS_LAST; fd++)
		if (report_has(fd))
			fds[nfds++] = (struct spawn_fd){fd, fd};
	s.argv = argv;
	s.out = STDOUT_FILENO;
	s.err = STDERR_FILENO;
	s.fds = fds;
	s.nfds = nfds;
	return spawn_start(&s, out, e);
}

/* slirp4netns' errors go to a file in memory: they matter only if it fails. It flushes its standard
 * output, a warning, when it ends: that must not become the last line. */
static int start_slirp(pid_t holder, int ready, int words, struct child *out, struct err *e)
{
	own_free char *pid = fs_path("%d", holder);
	const char *const argv[] = {
		"slirp4netns", "--configure", "--mtu=65520", CIDR,
		"--disable-host-loopback", "--enable-sandbox", "--enable-seccomp", "--ready-fd=3",
		pid, "tap0", NULL,
	};
	const struct spawn_fd fd = {ready, 3};
	struct spawn s = SPAWN_INIT(argv);

	s.err = words;
	s.fds = &fd;
	s.nfds = 1;
	return spawn_start(&s, out, e);
}

/* Returns the last line of slirp4netns' words, for a message. */
static char *last_words(int words)
{
	char text[4096];
	off_t size = lseek(words, 0, SEEK_END);
	off_t from = size > (off_t)sizeof(text) - 1 ? size - (off_t)sizeof(text) + 1 : 0;
	ssize_t n = fs_pread(words, text, sizeof(text) - 1, from);
	char *line;

	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	return fs_path("%s", n <= 0 ? "it printed nothing" : line ? line + 1 : text);
}

/* It ended before it was ready, or is late. An operator cannot mend a death by a signal. */
static int blame_slirp(struct child *slirp, bool is_late, int words, struct err *e)
{
	own_free char *why = NULL;
	char how[64];
	int status;

	if (is_late || !spawn_ends_within(slirp, END_MS))
		kill(slirp->pid, SIGKILL);
	status = spawn_wait(slirp);
	why = last_words(words);
	if (is_late)
		return err_set(e, ERR_NOBODY, "slirp4netns is not ready after %d s: %s",
			       READY_MS / 1000, why);
	return err_set(e, WIFSIGNALED(status) ? ERR_NOBODY : ERR_OPERATOR,
		       "slirp4netns failed (%s): %s", spawn_status_text(status, how, sizeof(how)),
		       why);
}

static int attach(pid_t holder, int words, struct child *slirp, struct err *e)
{
	own_fd int ours = -1;
	own_fd int theirs = -1;
	int pair[2], rc;

	if (access(TUN, R_OK | W_OK) < 0)
		return err_sys(e, ERR_OPERATOR, "slirp4netns cannot use " TUN " (modprobe tun)");
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make a pipe");
	ours = pair[0];
	theirs = pair[1];
	if (start_slirp(holder, theirs, words, slirp, e) < 0)
		return -1;
	close(steal_fd(&theirs));
	rc = await_byte(ours);
	return rc == 1 ? 0 : blame_slirp(slirp, rc < 0, words, e);
}

/* Whichever ends first takes the other with it. Returns the command's wait status, or -1. */
static int follow(struct child *holder, struct child *slirp, int words, struct err *e)
{
	struct pollfd p[] = {{.fd = holder->pidfd, .events = POLLIN},
			     {.fd = slirp->pidfd, .events = POLLIN}};
	own_free char *why = NULL;
	char how[64];
	int status;

	while (poll(p, 2, -1) < 0)
		;
	if (p[0].revents) {
		status = spawn_wait(holder);
		spawn_kill(slirp);
		return status;
	}
	spawn_kill(holder);
	status = spawn_wait(slirp);
	why = last_words(words);
	return err_set(e, ERR_NOBODY, "slirp4netns ended before the fetch (%s): %s",
		       spawn_status_text(status, how, sizeof(how)), why);
}

/* Returns the command's wait status, or -1. */
static int run(const char *self, char **command, struct err *e)
{
	own_fd int words = memfd_create("slirp4netns", MFD_CLOEXEC);
	own_fd int go = -1;
	struct child holder, slirp;
	int rc;

	if (words < 0)
		return err_sys(e, ERR_NOBODY, "cannot make a file in memory");
	if (start_holder(self, command, &go, &holder, e) < 0)
		return -1;
	rc = await_byte(go);
	if (rc < 0)
		spawn_kill(&holder);
	if (rc != 1) /* the holder has reported an error, and ends */
		return rc == 0 ? spawn_wait(&holder)
			       : err_set(e, ERR_NOBODY, "no network namespace after %d s",
					 READY_MS / 1000);
	if (attach(holder.pid, words, &slirp, e) < 0) {
		spawn_kill(&holder);
		return -1;
	}
	(void)send(go, "g", 1, MSG_NOSIGNAL); /* a holder that has ended is follow()'s matter */
	return follow(&holder, &slirp, words, e);
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	int status;

	if (argc < 2 || !report_has(REPORT_FD)) {
		fprintf(stderr, "hornero-netns: hornero-build starts this program\n");
		return err_exit(ERR_USAGE);
	}
	if (strcmp(argv[1], "--hold") == 0)
		return argc > 2 && hold(argv + 2, &e) < 0 ? report_error(&e) : err_exit(ERR_USAGE);
	status = run(argv[0], argv + 1, &e);
	if (status < 0)
		return report_error(&e);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
