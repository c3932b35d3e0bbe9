/* stage: DIAGNOSTICS: -1 with ERR_OPERATOR where bwrap is missing, ERR_NOBODY where the
 * machine is out of something. How the command itself ended is in the struct. */
#include "agent/stage.h"

#include "agent/cgdir.h"
#include "lib/clock.h"
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
enum { POLL_MS = 1000, LOOK_MS = 250 };

/* What is under way; lives for one stage_run. */
struct flow {
	struct stage *s;
	int ours[N_PIPES];
	struct child child;
	char line[1024];
	size_t line_len;
	char report[512]; /* bwrap's JSON, for its "exit-code" only */
	size_t report_len;
	int64_t wall_deadline_ms, silence_deadline_ms; /* INT64_MAX: none */
	int64_t paused_ms; /* frozen so long, to a second */
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

/* Lines longer than the buffer are cut: the rest counts as the next line, which nobody knows. */
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
	if (f->s->silence_ms > 0)
		f->silence_deadline_ms = clock_mono_ms() + f->s->silence_ms;
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

/* One read of pipe i. Closes it at EOF. True if there was something. */
static bool take(struct flow *f, int i)
{
	static void (*const takers[N_PIPES])(struct flow *, const char *, size_t) = {take_output, take_lines, take_report};
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

/* Of what the kernel counts per process or per user. Where hornerod is no root its builds are, to the kernel, the same user:
 * descriptors in flight, for one, are counted for all processes of a user, and whoever sends one is held against its own soft
 * limit. hornerod's is far above this one (agent/loop.c), so builds stop each other there, and not hornerod. */
static const struct spawn_limit limits[] = {
	{RLIMIT_NOFILE, 1024, STAGE_DESCRIPTORS},
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
	struct spawn_fd fds[8] = {{theirs[SANDBOX], STAGE_FD_SANDBOX}};
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

/* While the attempt's groups are frozen no clock of it runs. Who is frozen says nothing: only a poll in vain asks. */
static void leave_out(struct flow *f, int64_t slept_ms)
{
	if (!stands_still(f->s))
		return;
	f->paused_ms += slept_ms;
	if (f->wall_deadline_ms < INT64_MAX)
		f->wall_deadline_ms += slept_ms;
	if (f->silence_deadline_ms < INT64_MAX)
		f->silence_deadline_ms += slept_ms;
}

static void follow(struct flow *f)
{
	const int most_ms = f->s->is_low ? LOOK_MS : POLL_MS;

	for (;;) {
		int64_t deadline_ms = f->wall_deadline_ms < f->silence_deadline_ms ? f->wall_deadline_ms : f->silence_deadline_ms;
		int64_t now_ms = clock_mono_ms();
		int64_t left_ms = deadline_ms - now_ms;
		struct pollfd p[N_PIPES + 2];

		if (f->over_limit) {
			f->s->ended = STAGE_LOG;
			return;
		}
		if (f->s->is_low && f->s->is_low(f->s->disk)) {
			f->s->ended = STAGE_DISK;
			return;
		}
		if (left_ms <= 0) {
			f->s->ended = now_ms >= f->wall_deadline_ms ? STAGE_TIMEOUT : STAGE_SILENCE;
			return;
		}
		for (int i = 0; i < N_PIPES; i++)
			p[i] = (struct pollfd){.fd = f->ours[i], .events = POLLIN};
		p[N_PIPES] = (struct pollfd){.fd = f->child.pidfd, .events = POLLIN};
		p[N_PIPES + 1] = (struct pollfd){.fd = f->stop, .events = POLLIN};
		if (left_ms > most_ms)
			left_ms = most_ms;
		switch (poll(p, N_PIPES + 2, (int)left_ms)) {
		case -1: continue;
		case 0: leave_out(f, clock_mono_ms() - now_ms); break;
		default: break;
		}
		for (int i = 0; i < N_PIPES; i++)
			if (p[i].revents)
				take(f, i);
		f->stopped = p[N_PIPES + 1].revents != 0;
		if (p[N_PIPES].revents || f->stopped)
			return;
	}
}

static void kill_children(void)
{
	own_file FILE *f = fopen("/proc/thread-self/children", "re");
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGKILL);
}

/* Reap bwrap and whoever became ours through it; then read what the pipes still hold. A bwrap that was killed
 * early leaves an init that does not know and waits for it for ever. */
static int settle(struct flow *f)
{
	int status = spawn_wait(&f->child);

	do
		kill_children();
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
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
	/* Disks are faster than we look; and what then fails for want of room says so in its own words, and as its own fault. */
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

/* SIGTERM waits in a descriptor while the sandbox runs. */
static int hold_sigterm(struct flow *f, sigset_t *before, struct err *e)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	f->stop = signalfd(-1, &term, SFD_CLOEXEC);
	if (f->stop < 0)
		return err_sys(e, ERR_NOBODY, "cannot wait for signals");
	sigprocmask(SIG_BLOCK, &term, before);
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
		.wall_deadline_ms = s->wall_ms > 0 ? start_ms + s->wall_ms : INT64_MAX,
		.silence_deadline_ms = s->silence_ms > 0 ? start_ms + s->silence_ms : INT64_MAX,
	};
	sigset_t before;
	int rc;

	if (args_check(&s->args, e) < 0 || hold_sigterm(&f, &before, e) < 0)
		return -1;
	rc = run(&f, e);
	close(f.stop);
	sigprocmask(SIG_SETMASK, &before, NULL); /* the end, where it came */
	s->took_ms = clock_mono_ms() - start_ms - f.paused_ms;
	return rc;
}
