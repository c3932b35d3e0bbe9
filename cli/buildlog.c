/* buildlog: prints a job's build log, escaped, once or as it grows. DIAGNOSTICS: ERR_USAGE if
 * there is no such job or attempt; --follow prints the reason for exit 1. */
#include "cli/escaped.h"
#include "cli/logfile.h"
#include "cli/facts.h"
#include "cli/outcome.h"
#include "cli/pick.h"
#include "cli/watch.h"
#include "cli/words.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "state/logtimes.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

enum { ALIVE_MAX_S = 3600 };

struct log {
	const struct cli *cli;
	const struct conf *c;
	int64_t job;
	int64_t attempt; /* the attempt whose log is open or expected */
	bool only;       /* --attempt: do not go on to the next */
	struct logfile file;
	int64_t since_s;  /* --since; 0: unset */
	int64_t alive_ms; /* --alive; 0: unset */
	enum job_state state;
	struct escaped text;
	bool picks;      /* --tail or --grep: print by pick instead */
	struct pick pick;
};

/* Goes to what --since asks for, in an open log. */
static void seek_since(struct log *l, const char *path, bool follows)
{
	int64_t since_ms = l->cli->now_ms - l->since_s * 1000, begin = 0;
	struct stat st;
	int found;

	/* Before the times: what is written from now on is wanted. */
	if (fstat(l->file.fd, &st) < 0)
		return;
	found = logtimes_find(path, &l->cli->clock, since_ms, &begin);
	if (found < 0)
		found = steady_present_of_wall_ms(&l->cli->clock, st.st_mtim.tv_sec * 1000) +
				LOGTIMES_STEP_MS > since_ms;
	if (found == 0)
		begin = l->file.packed ? INT64_MAX : st.st_size;
	if (found == 0 && !follows)
		cli_say(stderr, "hornero: nothing was written to the log of job %" PRId64
				" in that time",
			l->job);
	l->file.begin = begin;
	(void)logfile_rewind(&l->file);
}

static void log_open_attempt(struct log *l, struct watch *w)
{
	own_free char *path = fs_path("%s/%" PRId64 ".%" PRId64 ".log", l->c->log_dir, l->job,
				      l->attempt);

	if (!logfile_open(&l->file, path))
		return;
	/* Add the watch before the first read, which then sees what was written in between. */
	if (!l->file.packed && w)
		watch_add(w, path);
	/* If these fail, reading fails, too. */
	if (l->since_s)
		seek_since(l, path, w != NULL);
	(void)pick_seek(&l->pick, &l->file);
}

static ssize_t copy(struct log *l)
{
	ssize_t n;

	if (!l->picks)
		return escaped_take(&l->text, logfile_read, &l->file);
	n = pick_copy(&l->pick, &l->file);
	if (n > 0)
		l->text.said_ms = clock_mono_ms();
	return n;
}

/* Copies all available bytes to standard output. */
static int log_drain(struct log *l, struct err *e)
{
	ssize_t n = 0;

	while (!ferror(stdout) && (n = copy(l)) > 0)
		;
	if (n < 0 && errno == EBADMSG)
		return err_set(e, ERR_OPERATOR, "the compressed log of job %" PRId64 " in %s is "
						"damaged", l->job, l->c->log_dir);
	if (n < 0)
		return err_sys(e, ERR_OPERATOR, "cannot read the log of job %" PRId64, l->job);
	return fflush(stdout) == 0 ? 0 : err_sys(e, ERR_NOBODY, "cannot write the output");
}

static void log_close(struct log *l)
{
	escaped_end(&l->text);
	pick_end(&l->pick);
	logfile_close(&l->file);
}

/* Returns the newest attempt that has a log, 0 if none has, -1 on error. */
static int64_t newest_attempt(const struct conf *c, int64_t job, struct err *e)
{
	own_dir DIR *d = opendir(c->log_dir);
	own_free char *head = fs_path("%" PRId64 ".", job);
	const struct dirent *entry;
	int64_t newest = 0;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list the logs in %s", c->log_dir);
	while ((entry = readdir(d))) {
		char *end;
		int64_t n;

		if (strncmp(entry->d_name, head, strlen(head)) != 0)
			continue;
		n = strtoll(entry->d_name + strlen(head), &end, 10);
		if ((strcmp(end, ".log") == 0 || strcmp(end, ".log.zst") == 0) && n > newest)
			newest = n;
	}
	return newest;
}

static int print_log(struct cli *cli, struct log *l, struct err *e)
{
	own_db struct db *db = NULL;
	own_job struct job j = {0};
	int done;

	if (l->attempt == 0)
		l->attempt = newest_attempt(l->c, l->job, e);
	if (l->attempt < 0)
		return -1;
	log_open_attempt(l, NULL);
	if (l->file.fd < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot open the log of job %" PRId64, l->job);
	if (l->file.fd >= 0) {
		done = log_drain(l, e);
		log_close(l);
		if (done < 0 || !l->pick.text || l->pick.printed > 0)
			return done;
		cli_say(stderr, "hornero: no line of the log of job %" PRId64 " has \"%s\"", l->job,
			l->pick.text);
		return 1;
	}
	if (cli_db(cli, DB_READ, &db, e) < 0 || cli_job_get(cli, db, l->job, &j, e) <= 0)
		return -1;
	if (l->only)
		return err_set(e, ERR_USAGE,
			       "job %" PRId64 " has no log of attempt %" PRId64
			       "; its newest attempt is %" PRId64,
			       l->job, l->attempt, j.attempt);
	cli_say(stderr, "hornero: job %" PRId64 " is %s and has no log%s", l->job,
		job_state_name(j.state),
		j.attempt == 0 ? ": no attempt has begun"
			       : " any more (log_keep, log_budget); `hornero show` has the reason");
	return 1;
}

/* Prints new output of a growing log. Returns the exit code at its end, -1 on error, -2 to go
 * on. */
static int follow_look(const struct cli *cli, struct log *l, struct db *db, struct watch *w,
		       struct err *e)
{
	own_job struct job j = {0};
	char sentence[WHY_MAX];
	struct standstill standstill;
	int code;

	/* Read the row before the log: if the row says that the job has ended, the log is
	 * complete. */
	if (cli_job_get(cli, db, l->job, &j, e) <= 0)
		return -1;
	l->state = j.state;
	if (l->attempt == 0)
		l->attempt = j.attempt;
	if (l->attempt > 0 && l->file.fd < 0)
		log_open_attempt(l, w);
	if (l->file.fd >= 0 && log_drain(l, e) < 0)
		return -1;
	if (l->attempt > 0 && j.attempt > l->attempt) {
		log_close(l);
		if (l->only)
			return 0;
		l->attempt++;
		printf("hornero: attempt %" PRId64 " of job %" PRId64 "\n", l->attempt, l->job);
		return follow_look(cli, l, db, w, e);
	}
	cli_standstill(cli, NULL, &j, &standstill);
	code = outcome_code(&j, &standstill);
	if (code < 0)
		return -2;
	log_close(l);
	if (clause_of_job(cli, db, &j, &standstill, sentence, e) < 0)
		return -1;
	cli_say(stdout, "hornero: %s", sentence);
	/* A job that is built and waits for an instance is a success as far as its log is
	 * concerned. */
	return j.state == JOB_BUILT ? 0 : code == 75 ? 1 : code;
}

/* Ctrl-C stops the printing, not the job, but the shell must learn that we were interrupted. */
static int detach(const struct log *l, int signals)
{
	struct signalfd_siginfo info;
	sigset_t set;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return 1;
	fflush(stdout);
	fputc('\n', stderr);
	cli_say(stderr,
		"hornero: job %" PRId64 " goes on; `hornero log -f %" PRId64 "` follows it again",
		l->job, l->job);
	sigemptyset(&set);
	sigaddset(&set, (int)info.ssi_signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise((int)info.ssi_signo);
	return 1;
}

/* Returns true if the last output is still unread although the pipe has a reader. That happens with
 * git's pipe when the pusher is gone. */
static bool is_unread(void)
{
	struct stat st;
	int n = 0;

	return fstat(STDOUT_FILENO, &st) == 0 && S_ISFIFO(st.st_mode) &&
	       ioctl(STDOUT_FILENO, FIONREAD, &n) == 0 && n > 0;
}

static int64_t quiet_left_ms(const struct log *l)
{
	return l->alive_ms ? l->text.said_ms + l->alive_ms - clock_mono_ms() : INT64_MAX;
}

/* Returns false if nobody reads our output any more. */
static bool say_alive(struct log *l)
{
	if (quiet_left_ms(l) > 0)
		return true;
	if (is_unread())
		return false;
	printf("%shornero: job %" PRId64 " is still %s\n", l->text.open_line ? "\n" : "", l->job,
	       job_state_name(l->state));
	fflush(stdout);
	l->text.open_line = false;
	l->text.said_ms = clock_mono_ms();
	return true;
}

static int follow(struct cli *cli, struct log *l, struct err *e)
{
	own_watch struct watch w = watch_open();
	own_db struct db *db = NULL;
	own_fd int signals = -1;
	sigset_t set;
	int code;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	w.reader = STDOUT_FILENO;
	w.extra = signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (cli_db(cli, DB_READ, &db, e) < 0)
		return -1;
	watch_add(&w, l->c->queue_dir);
	watch_add(&w, l->c->pause_dir);
	if (!cli_agent_runs(l->c))
		fputs("hornero: hornerod does not run; nothing changes until it is started\n",
		      stderr);
	code = follow_look(cli, l, db, &w, e);
	if (code == -2 && l->attempt == 0)
		cli_say(stderr,
			"hornero: job %" PRId64 " has not begun; `hornero why %" PRId64
			"` says why",
			l->job, l->job);
	for (; code == -2; code = follow_look(cli, l, db, &w, e)) {
		enum watch_end end = watch_wait(&w, quiet_left_ms(l));

		if (end == WATCH_EXTRA)
			return detach(l, signals);
		if (end == WATCH_ALONE || !say_alive(l))
			return 1;
	}
	return code;
}

/* The name of a log does not tell which repository it belongs to. */
static int check_seen(struct cli *cli, int64_t id, struct err *e)
{
	own_db struct db *db = NULL;
	own_job struct job j = {0};

	return cli_db(cli, DB_READ, &db, e) < 0 || cli_job_get(cli, db, id, &j, e) <= 0 ? -1 : 0;
}

static int log_one(struct cli *cli, const struct call *call, const char *job, struct err *e)
{
	const char *attempt = call_option(call, "attempt"), *alive = call_option(call, "alive");
	own_free struct log *l = calloc(1, sizeof(*l));
	int code;

	if (!l)
		return err_set(e, ERR_NOBODY, "out of memory");
	l->file = (struct logfile)LOGFILE_CLOSED;
	l->cli = cli;
	l->only = attempt != NULL;
	l->c = cli_conf(cli, e);
	if (!l->c || cli_job_number(job, &l->job, e) < 0 ||
	    (cli->key && check_seen(cli, l->job, e) < 0))
		return -1;
	if (attempt && cli_job_number(attempt, &l->attempt, e) < 0)
		return err_set(e, ERR_USAGE,
			       "--attempt \"%s\" is no number; `hornero show %" PRId64
			       "` lists the attempts",
			       attempt, l->job);
	if (alive && (cli_job_number(alive, &l->alive_ms, e) < 0 || l->alive_ms > ALIVE_MAX_S))
		return err_set(e, ERR_USAGE, "--alive \"%s\" is not a number of seconds from 1 to "
					     "%d",
			       alive, ALIVE_MAX_S);
	if (cli_count(call, "tail", 0, &l->pick.last, e) < 0 ||
	    cli_period(call, "since", 0, &l->since_s, e) < 0)
		return -1;
	l->pick.text = call_option(call, "grep");
	l->picks = l->pick.text || l->pick.last;
	l->alive_ms *= 1000;
	l->text.said_ms = clock_mono_ms();
	code = call_option(call, "follow") ? follow(cli, l, e) : print_log(cli, l, e);
	logfile_close(&l->file);
	return code;
}

/* Returns the worst exit code. */
int log_run(struct cli *cli, const struct call *call, struct err *e)
{
	int worst = 0;

	for (int i = 0; i < call->nargs && worst >= 0; i++) {
		int code;

		if (call->nargs > 1)
			cli_say(stdout, "hornero: job %s", call->args[i]);
		fflush(stdout);
		code = log_one(cli, call, call->args[i], e);
		worst = code < 0 || code > worst ? code : worst;
	}
	return worst;
}
