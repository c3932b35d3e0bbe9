/* live: DIAGNOSTICS: ERR_USAGE for the options; as show() says. */
#include "cli/live.h"

#include "lib/own.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

enum { SCREEN_BYTES = 65536, INTERVAL_MS = 2000 };

/* Switch to the alternate screen, hide the cursor and cut long lines; and back. */
static const char enter[] = "\033[?1049h\033[?25l\033[?7l",
		  leave[] = "\033[?7h\033[?25h\033[?1049l", home[] = "\033[H\033[J";

int live_seconds(const char *option, const char *text, double least, int *ms, struct err *e)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !isfinite(s) || s < least || s > 3600)
		return err_set(e, ERR_USAGE,
			       "%s \"%s\" is not a number of seconds from %g to 3600", option,
			       text, least);
	*ms = (int)(s * 1000);
	return 0;
}

int live_open(struct live *l, const struct cli *cli, const struct call *call, int64_t piped,
	      struct err *e)
{
	const char *times = call_option(call, "iterations"),
		   *interval = call_option(call, "interval");

	*l = (struct live){.interval_ms = INTERVAL_MS, .signals = -1};
	l->drawn = isatty(STDOUT_FILENO) && !cli->json;
	l->left = l->drawn ? LIVE_FOREVER : piped;
	if (times && cli_job_number(times, &l->left, e) < 0)
		return err_set(e, ERR_USAGE, "--iterations \"%s\" is not a number", times);
	return interval ? live_seconds("--interval", interval, 0.1, &l->interval_ms, e) : 0;
}

void live_home(const struct live *l)
{
	if (l->drawn)
		fputs(home, stdout);
}

size_t live_rows(const struct live *l, size_t n, size_t head)
{
	struct winsize size = {0};
	size_t room;

	if (!l->drawn || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return n;
	room = size.ws_row > head ? size.ws_row - head : 1;
	return n < room ? n : room;
}

static void draw(const struct live *l, const char *what)
{
	if (l->drawn)
		fputs(what, stdout);
	fflush(stdout);
}

bool live_take_signal(struct live *l)
{
	struct signalfd_siginfo info;

	if (read(l->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGTSTP) {
		draw(l, leave);
		raise(SIGSTOP);
		draw(l, enter);
	}
	if (info.ssi_signo == SIGWINCH || info.ssi_signo == SIGTSTP)
		return true;
	l->ended_by = (int)info.ssi_signo;
	return false;
}

/* Returns false to stop: after a signal, or if nobody reads. */
static bool wait_on(struct live *l)
{
	struct pollfd fds[] = {{.fd = l->signals, .events = POLLIN}, {.fd = STDOUT_FILENO}};

	if (poll(fds, 2, l->interval_ms) <= 0)
		return true;
	return fds[0].revents && live_take_signal(l);
}

static int watch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int live_run(struct live *l, int (*show)(void *arg, struct err *e), void *arg, struct err *e)
{
	own_fd int signals = watch_signals();
	int done;

	l->signals = signals;
	/* Write a whole screen at once, not line by line. */
	if (l->drawn)
		setvbuf(stdout, NULL, _IOFBF, SCREEN_BYTES);
	draw(l, enter);
	do {
		done = show(arg, e);
		fflush(stdout);
	} while (done >= 0 && !l->ended_by && l->left != 1 &&
		 (l->left -= l->left > 0, wait_on(l)) && !ferror(stdout));
	draw(l, leave);
	l->signals = -1;
	return done;
}
