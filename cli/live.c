/* live: DIAGNOSTICS: ERR_USAGE for the options; as show() says. */
#include "cli/live.h"

#include "lib/own.h"
#include "lib/spawn.h"

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

void live_keys(struct live *l, bool (*on_key)(void *arg, int key))
{
	l->on_key = on_key;
	/* A program in the background must not touch the terminal. */
	l->has_keys = l->drawn && tcgetpgrp(STDIN_FILENO) == getpgrp() &&
		      tcgetattr(STDIN_FILENO, &l->typed) == 0;
}

static void enter_screen(const struct live *l)
{
	struct termios raw = l->typed;

	if (l->has_keys) {
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	draw(l, enter);
}

static void leave_screen(const struct live *l)
{
	draw(l, leave);
	if (l->has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &l->typed);
}

void live_lend(struct live *l, const char *const *argv)
{
	struct spawn s = SPAWN_INIT(argv);
	struct signalfd_siginfo info;
	struct pollfd fd = {.fd = l->signals, .events = POLLIN};
	struct err e = ERR_INIT;
	struct child child;

	leave_screen(l);
	s.in = STDIN_FILENO;
	s.out = STDOUT_FILENO;
	s.err = STDERR_FILENO;
	if (spawn_start(&s, &child, &e) == 0)
		spawn_wait(&child);
	/* The program's Ctrl-C reached us, too. */
	while (poll(&fd, 1, 0) > 0 && read(l->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP)
			l->ended_by = (int)info.ssi_signo;
	enter_screen(l);
}

bool live_take_signal(struct live *l)
{
	struct signalfd_siginfo info;

	if (read(l->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGTSTP) {
		leave_screen(l);
		raise(SIGSTOP);
		enter_screen(l);
	}
	if (info.ssi_signo == SIGWINCH || info.ssi_signo == SIGTSTP)
		return true;
	l->ended_by = (int)info.ssi_signo;
	return false;
}

/* Returns false to end. */
static bool take_keys(const struct live *l, void *arg)
{
	char typed[64];
	ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));
	bool goes_on = n > 0; /* 0: the terminal is gone */

	for (ssize_t i = 0; i < n && goes_on; i++) {
		int key = (unsigned char)typed[i];

		if (key == '\033' && i + 2 < n && typed[i + 1] == '[') {
			key = typed[i + 2] == 'A' ? LIVE_UP : typed[i + 2] == 'B' ? LIVE_DOWN : 0;
			i += 2;
		}
		goes_on = l->on_key(arg, key);
	}
	return goes_on;
}

/* Returns false to stop: after a signal, a key that ends, or if nobody reads. */
static bool wait_on(struct live *l, void *arg)
{
	struct pollfd fds[] = {{.fd = l->signals, .events = POLLIN},
			       {.fd = STDOUT_FILENO},
			       {.fd = l->has_keys ? STDIN_FILENO : -1, .events = POLLIN}};

	if (poll(fds, 3, l->interval_ms) <= 0)
		return true;
	if (fds[0].revents)
		return live_take_signal(l);
	return fds[2].revents && take_keys(l, arg) && !l->ended_by;
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
	enter_screen(l);
	do {
		done = show(arg, e);
		fflush(stdout);
	} while (done >= 0 && !l->ended_by && l->left != 1 &&
		 (l->left -= l->left > 0, wait_on(l, arg)) && !ferror(stdout));
	leave_screen(l);
	l->signals = -1;
	return done;
}
