/* builder_try: `hornero builder try`: hornero-build does it; we own the scratch, and remove it
 * however that ends. DIAGNOSTICS: as hornero-build's exit code; 128 and the signal that ended us;
 * exit 78 if this node lacks something. */
#include "cli/builder.h"

#include "cli/escaped.h"
#include "cli/words.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void say_lack(void *arg, const char *name, const char *what, const char *mend)
{
	(void)name;
	cli_say(stderr, "hornero: %s: %s", (const char *)arg, what);
	cli_say(stderr, "    %s", mend);
}

/* Waits for the child, and prints its output. A signal that should end us ends its sandbox first;
 * so does SIGPIPE, if nobody reads any more. Returns our exit code. */
static int follow(struct child *child, int signals, int output, struct escaped *text)
{
	struct pollfd fds[3] = {{.fd = child->pidfd, .events = POLLIN},
				{.fd = signals, .events = POLLIN},
				{.fd = output, .events = POLLIN}};
	struct signalfd_siginfo came;
	int status, stopped = 0;

	while (!(fds[0].revents & POLLIN)) {
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[2].revents && escaped_copy(text, output) == 0)
			fds[2].fd = -1;
		fflush(stdout);
		if ((fds[1].revents & POLLIN) && read(signals, &came, sizeof(came)) > 0) {
			stopped = (int)came.ssi_signo;
			kill(child->pid, SIGTERM);
		}
	}
	status = spawn_wait(child);
	while (escaped_copy(text, output) > 0)
		;
	escaped_end(text);
	while (read(signals, &came, sizeof(came)) > 0)
		stopped = (int)came.ssi_signo;
	if (stopped)
		return 128 + stopped;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const char *const *argv, struct err *e)
{
	struct spawn s = SPAWN_INIT(argv);
	own_free struct escaped *text = calloc(1, sizeof(*text));
	own_fd int signals = -1, output = -1, theirs = -1;
	struct child child;
	sigset_t set, before;
	int pair[2], rc = -1;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGPIPE);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return err_sys(e, ERR_NOBODY, "cannot wait for signals");
	if (!text || pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make a pipe");
	output = pair[0];
	theirs = pair[1];
	if (fcntl(theirs, F_SETFL, 0) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make a pipe");
	sigprocmask(SIG_BLOCK, &set, &before);
	s.out = theirs;
	s.err = STDERR_FILENO;
	s.death = SIGTERM;
	if (spawn_start(&s, &child, e) == 0) {
		close(steal_fd(&theirs));
		rc = follow(&child, signals, output, text);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* Makes an empty file under a new name, only to have the name: hornero-build makes it again. */
static char *temporary(struct err *e)
{
	own_free char *path = fs_path("%s/hornero-try.XXXXXX.raw", P_tmpdir);
	int fd = mkostemps(path, 4, O_CLOEXEC);

	if (fd < 0) {
		err_sys(e, ERR_NOBODY, "cannot make a file in " P_tmpdir);
		return NULL;
	}
	close(fd);
	FAILSTEP("try-log-unlink", unlink(path));
	return steal_ptr(&path);
}

int builder_try_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *name = call->args[0], *output = call_option(call, "output");
	const char *tmp = getenv("TMPDIR");
	own_free char *scratch = fs_path("%s/hornero-try.XXXXXX",
					 tmp && *tmp == '/' ? tmp : "/var/tmp");
	own_builders struct builders *all = NULL;
	own_free char *program = NULL, *chosen = NULL;
	const struct builder *b;
	struct err why = ERR_INIT;
	int rc;

	if (!c || builders_load(c->builders_dir, &all, e) < 0)
		return -1;
	b = builder_named(c, all, name, e);
	if (!b)
		return -1;
	if (builder_lacks(c, b, say_lack, b->name) > 0)
		return err_exit(ERR_OPERATOR);
	/* hornero-build makes it without replacing another; say so before a long build. */
	if (output && access(output, F_OK) == 0)
		return err_set(e, ERR_USAGE, "%s exists already", output);
	chosen = output ? fs_path("%s", output) : temporary(e);
	if (!chosen)
		return -1;
	/* Searchable, since builds run as a user of their own. */
	if (!mkdtemp(scratch) || chmod(scratch, 0711) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make %s", scratch);
	program = fs_path("%s/hornero-build", c->libexec_dir);
	rc = run((const char *const[]){program, "-c", c->path, "--try", call->args[1],
				       "--builder", name, "--scratch", scratch, "--output",
				       chosen, NULL}, e);
	if (fs_remove_tree(AT_FDCWD, scratch, &why) < 0)
		cli_say(stderr, "hornero: %s", why.msg);
	if (rc == 128 + SIGPIPE)
		raise(SIGPIPE); /* as it ends every other command */
	return rc;
}
