/* stage: DIAGNOSTICS: -1 with ERR_OPERATOR if bwrap is missing, ERR_NOBODY if the machine is short
 * of a resource. The struct says how the command itself ended. */
#include "agent/build/stage.h"

#include "agent/cgroup/cgdir.h"
#include "agent/common/descriptors.h"
#include "lib/clock.h"
#include "lib/fairtime.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum { OUT, LINES, SANDBOX, N_PIPES };
enum { LOOK_MS = 250, LOG_EVERY_MS = 60000, LOG_AFTER_MS = 2000, LINGER_MS = 60000 };

/* State of one stage_run. */
struct flow {
	struct stage *s;
	int ours[N_PIPES];
	struct child child;
	char line[1024];
	size_t line_len;
	char report[512]; /* bwrap's JSON; only its "exit-code" matters */
	size_t report_len;
	struct fairtime time;
	int64_t looked_ms, look_ms;  /* monotonic: the last look, and when the next is due */
	/* of the time that counts, at the last look: since the start, and since the last output */
	int64_t spent_ms, silent_ms;
	int64_t wall_ms;             /* wall clock since the start, without pauses */
	int64_t paused_ms;           /* frozen time, with the precision of a look */
	bool spoke;                  /* there was output since the last look */
	/* monotonic: when the busy node was last logged; 0 if never */
	int64_t logged_ms;
	bool over_limit;
	int stop;         /* readable: SIGTERM */
	bool stopped;
};

void stage_init(struct stage *s, struct stage_log *log)
{
	*s = (struct stage){.log = log};
}

void stage_fini(struct stage *s)
{
	args_fini(&s->args);
}

int stage_prepare(struct err *e)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, ERR_US, "cannot become a subreaper");
	return 0;
}

static void take_line(struct flow *f)
{
	struct stage *s = f->s;

	f->line[f->line_len] = '\0';
	f->line_len = 0;
	if (strncmp(f->line, "error ", 6) == 0)
		snprintf(s->text, sizeof(s->text), "%s", f->line + 6);
	else if (s->on_line)
		s->on_line(s->arg, f->line);
}

/* Cuts lines at the size of the buffer: the rest counts as the next line, which no reader
 * recognizes. */
static void take_lines(struct flow *f, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' || f->line_len == sizeof(f->line) - 1)
			take_line(f);
		if (data[i] != '\n')
			f->line[f->line_len++] = data[i];
	}
}

static void take_output(struct flow *f, const char *data, size_t len)
{
	f->spoke = true;
	lastline_take(&f->s->last, data, len);
	if (!stagelog_take(f->s->log, data, len, f->s->own_words))
		f->over_limit = true;
}

static void take_report(struct flow *f, const char *data, size_t len)
{
	size_t room = sizeof(f->report) - 1 - f->report_len;

	len = len < room ? len : room;
	memcpy(f->report + f->report_len, data, len);
	f->report_len += len;
	f->report[f->report_len] = '\0';
}

/* Reads once from pipe i and closes it at EOF. Returns whether there was data. */
static bool take(struct flow *f, int i)
{
	static void (*const takers[N_PIPES])(struct flow *, const char *, size_t) = {take_output,
										     take_lines,
										     take_report};
	char buf[65536];
	ssize_t n = read(f->ours[i], buf, sizeof(buf));

	if (n > 0) {
		takers[i](f, buf, (size_t)n);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close(steal_fd(&f->ours[i]));
	return false;
}

static int open_pipes(struct flow *f, int theirs[N_PIPES], struct err *e)
{
	for (int i = 0; i < N_PIPES; i++) {
		int pair[2];

		if (pipe2(pair, O_CLOEXEC) < 0)
			return err_sys(e, ERR_NOBODY, "cannot make a pipe");
		f->ours[i] = pair[0];
		theirs[i] = pair[1];
		fcntl(pair[0], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

/* Limits that the kernel counts per process or per user. If hornerod is not root, its builds share
 * its user: descriptors in flight, for example, are counted for all processes of a user, and the
 * kernel compares them with the sender's soft limit. hornerod's limit is far above this one
 * (agent/hornerod/main.c), so builds block each other there, but not hornerod. */
static const struct spawn_limit limits[] = {
	{RLIMIT_NOFILE, 1024, DESCRIPTORS_OF_A_STAGE},
	{RLIMIT_CORE, 0, 0},
	{RLIMIT_MEMLOCK, 65536, 65536},
	{RLIMIT_SIGPENDING, 1024, 1024},
	{RLIMIT_MSGQUEUE, 0, 0},
	{RLIMIT_NICE, 0, 0},
	{RLIMIT_RTPRIO, 0, 0},
};

static int start(struct flow *f, const int theirs[N_PIPES], struct err *e)
{
	struct stage *s = f->s;
	struct spawn_fd fds[STAGE_FDS + 2] = {{theirs[SANDBOX], STAGE_FD_SANDBOX}};
	size_t nfds = 1;
	static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", NULL};
	struct spawn sp = SPAWN_INIT(args_list(&s->args));

	if (s->speaks)
		fds[nfds++] = (struct spawn_fd){theirs[LINES], STAGE_FD_LINES};
	memcpy(fds + nfds, s->fds, s->nfds * sizeof(fds[0]));
	sp.envp = env;
	sp.out = sp.err = theirs[OUT];
	sp.fds = fds;
	sp.nfds = nfds + s->nfds;
	sp.join = s->join;
	sp.njoin = s->njoin;
	sp.set_ids = s->set_ids;
	sp.uid = s->uid;
	sp.gid = s->gid;
	sp.cwd = "/";
	sp.limits = limits;
	sp.nlimits = sizeof(limits) / sizeof(limits[0]);
	return spawn_start(&sp, &f->child, e);
}

static bool stands_still(const struct stage *s)
{
	for (size_t i = 0; i < s->njoin; i++)
		if (cgdir_is_frozen(s->join[i]))
			return true;
	return false;
}

/* Logs at most once a minute. */
static void log_starved(struct flow *f)
{
	double percent;

	if (f->time.window_ns < LOG_AFTER_MS * INT64_C(1000000) ||
	    !fairtime_is_starved(&f->time, &percent) ||
	    (f->logged_ms && f->looked_ms - f->logged_ms < LOG_EVERY_MS))
		return;
	f->logged_ms = f->looked_ms;
	stage_note(f->s->log, "gets %.1f %% of a processor: the node is busy", percent);
}

/* While the attempt's groups are frozen, none of its clocks runs: a frozen process prints
 * nothing. */
static void look(struct flow *f, int64_t now_ms)
{
	int64_t gone_ms = now_ms - f->looked_ms;
	int64_t before_ms = f->spent_ms;
	struct fairtime_use use;

	fairtime_read(f->s->join, f->s->njoin, &use);
	f->looked_ms = now_ms;
	if (!f->spoke && stands_still(f->s)) {
		fairtime_skip(&f->time, now_ms * 1000000, &use);
		f->paused_ms += gone_ms;
		return;
	}
	f->spent_ms = fairtime_look(&f->time, now_ms * 1000000, &use);
	f->wall_ms += gone_ms;
	f->silent_ms = f->spoke ? 0 : f->silent_ms + f->spent_ms - before_ms;
	f->spoke = false;
	log_starved(f);
}

static bool is_over(int64_t limit_ms, int64_t ms)
{
	return limit_ms > 0 && ms >= limit_ms;
}

/* Returns whether a limit is reached; s->ended says which. */
static bool has_met_bound(struct flow *f)
{
	struct stage *s = f->s;

	if (f->over_limit)
		s->ended = STAGE_LOG;
	else if (s->is_low && s->is_low(s->disk))
		s->ended = STAGE_DISK;
	else if (is_over(s->limit_ms, f->spent_ms))
		s->ended = STAGE_TIMEOUT;
	else if (is_over(s->silence_ms, f->silent_ms))
		s->ended = STAGE_SILENCE;
	else if (is_over(s->limit_ms * STAGE_STARVED_TIMES, f->wall_ms))
		s->ended = STAGE_STARVED;
	return s->ended != STAGE_EXIT;
}

/* Looks come at random times, never triggered by output: a build runs when it writes, so each such
 * look would find it wanting a processor. */
static int until_look_ms(const struct flow *f)
{
	int64_t ms = f->look_ms - clock_mono_ms();

	return ms > 0 ? (int)ms : 0;
}

static int64_t next_look_ms(int64_t now_ms)
{
	return now_ms + LOOK_MS / 2 + arc4random_uniform(LOOK_MS);
}

static void follow(struct flow *f)
{
	while (!has_met_bound(f)) {
		struct pollfd p[N_PIPES + 2];
		int64_t now_ms;

		for (int i = 0; i < N_PIPES; i++)
			p[i] = (struct pollfd){.fd = f->ours[i], .events = POLLIN};
		p[N_PIPES] = (struct pollfd){.fd = f->child.pidfd, .events = POLLIN};
		p[N_PIPES + 1] = (struct pollfd){.fd = f->stop, .events = POLLIN};
		if (poll(p, N_PIPES + 2, until_look_ms(f)) < 0)
			continue;
		for (int i = 0; i < N_PIPES; i++)
			if (p[i].revents)
				take(f, i);
		f->stopped = p[N_PIPES + 1].revents != 0;
		if (p[N_PIPES].revents || f->stopped)
			return;
		now_ms = clock_mono_ms();
		if (now_ms >= f->look_ms) {
			look(f, now_ms);
			f->look_ms = next_look_ms(now_ms);
		}
	}
}

/* Returns false if there are none. */
static bool kill_children(void)
{
	own_file FILE *f = fopen("/proc/thread-self/children", "re");
	bool some = false;
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1) {
		kill(pid, SIGKILL);
		some = true;
	}
	return some;
}

/* Returns false if there is no child any more. */
static bool reap(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0);
	return pid == 0;
}

/* Waits for a child to end; SIGCHLD is blocked. Returns false at the deadline. */
static bool await_child(int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - clock_mono_ms();
	const struct timespec left = {.tv_sec = left_ms / 1000,
				      .tv_nsec = left_ms % 1000 * 1000000};
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (left_ms > 0)
		(void)sigtimedwait(&child, NULL, &left);
	return left_ms > 0;
}

/* Reaps bwrap and all processes that became our children through it, then reads the rest of the
 * pipes. A bwrap that was killed early leaves an init that waits forever, so children are killed. A
 * process that hangs in the kernel stays, with its pipes. */
static int settle(struct flow *f)
{
	int64_t deadline_ms = clock_mono_ms() + LINGER_MS;
	int status = 0;

	if (spawn_ends_within(&f->child, LINGER_MS))
		status = spawn_wait(&f->child);
	while (reap() && kill_children())
		if (!await_child(deadline_ms)) {
			f->s->ended = STAGE_HANGS;
			return status;
		}
	for (int i = 0; i < N_PIPES; i++)
		while (f->ours[i] >= 0 && take(f, i))
			;
	stagelog_flush(f->s->log);
	return status;
}

static void judge(struct flow *f, int status)
{
	struct stage *s = f->s;

	if (s->ended != STAGE_EXIT)
		return;
	/* A disk may fill faster than we look. The command then fails with its own message, as if
	 * it were its own fault. */
	if (s->is_low && s->is_low(s->disk)) {
		s->ended = STAGE_DISK;
	} else if (f->over_limit) {
		s->ended = STAGE_LOG;
	} else if (WIFSIGNALED(status)) {
		s->status = 128 + WTERMSIG(status);
	} else {
		s->status = WEXITSTATUS(status);
		if (s->status != 0 && !strstr(f->report, "\"exit-code\""))
			s->ended = STAGE_SANDBOX;
	}
}

/* Makes SIGTERM readable from a descriptor while the sandbox runs. */
static int hold_sigterm(struct flow *f, sigset_t *before, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	f->stop = signalfd(-1, &set, SFD_CLOEXEC);
	if (f->stop < 0)
		return err_sys(e, ERR_NOBODY, "cannot wait for signals");
	sigaddset(&set, SIGCHLD); /* for await_child() */
	sigprocmask(SIG_BLOCK, &set, before);
	return 0;
}

static int run(struct flow *f, struct err *e)
{
	int theirs[N_PIPES] = {-1, -1, -1};
	int rc = open_pipes(f, theirs, e);

	if (rc == 0)
		rc = start(f, theirs, e);
	for (int i = 0; i < N_PIPES; i++)
		own_fd_end(&theirs[i]);
	if (rc == 0) {
		follow(f);
		if (f->s->ended != STAGE_EXIT || f->stopped)
			kill(f->child.pid, SIGKILL);
		judge(f, settle(f));
	}
	for (int i = 0; i < N_PIPES; i++)
		own_fd_end(&f->ours[i]);
	return rc;
}

int stage_run(struct stage *s, struct err *e)
{
	int64_t start_ms = clock_mono_ms();
	struct flow f = {
		.s = s,
		.ours = {-1, -1, -1},
		.looked_ms = start_ms,
		.look_ms = next_look_ms(start_ms),
	};
	struct fairtime_use use;
	sigset_t before;
	int rc;

	if (args_check(&s->args, e) < 0 || hold_sigterm(&f, &before, e) < 0)
		return -1;
	fairtime_read(s->join, s->njoin, &use);
	fairtime_begin(&f.time, start_ms * 1000000, &use);
	rc = run(&f, e);
	close(f.stop);
	sigprocmask(SIG_SETMASK, &before, NULL); /* a SIGTERM that came ends us here */
	s->took_ms = clock_mono_ms() - start_ms - f.paused_ms;
	return rc;
}
