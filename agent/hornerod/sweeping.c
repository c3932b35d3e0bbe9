/* sweeping: the sweep, what keeps the cache warm and what makes room run as children, one of each at a time.
 * DIAGNOSTICS: one that fails, or is killed since it does not end, is logged and tried at the next interval. */
#include "agent/hornerod/agent.h"

#include "lib/args.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/steady.h"
#include "store/scrubbed.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *const quiet[] = {"--quiet", NULL};

/* Its exit status, as of wait; logged where it is none of the expected. */
int upkeep_reap(struct upkeep *u, int expected)
{
	char how[64];
	int status;

	u->watch = sd_event_source_disable_unref(u->watch);
	u->patience = sd_event_source_disable_unref(u->patience);
	status = spawn_wait(&u->child);
	if (status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == expected))
		log_error("event=failed program=%s how=\"%s\"", u->name, spawn_status_text(status, how, sizeof(how)));
	return status;
}

static uint64_t patience_us(const struct agent *a)
{
	return (uint64_t)a->conf->upkeep_timeout_s * 1000000;
}

/* At its rate hornero-scrub may need hours for one file: it may take them while it says that it works. */
static bool goes_on(struct upkeep *u)
{
	int64_t was_ns = u->beat_ns;

	if (u != &u->agent->scrub)
		return false;
	u->beat_ns = scrubbed_beat_ns(u->agent->conf->store_dir);
	return u->beat_ns != was_ns;
}

/* Kills it; it runs again at its next interval. One that hangs in the kernel is logged each time. */
static int on_patience(sd_event_source *src, uint64_t at, void *arg)
{
	struct upkeep *u = arg;

	(void)at;
	if (!goes_on(u)) {
		log_error("event=hangs program=%s pid=%d it did not %s within upkeep_timeout (%lld s) and is killed", u->name,
			  (int)u->child.pid, u == &u->agent->scrub ? "go on" : "end", (long long)u->agent->conf->upkeep_timeout_s);
		kill(u->child.pid, SIGKILL);
	}
	sd_event_source_set_time_relative(src, patience_us(u->agent));
	return sd_event_source_set_enabled(src, SD_EVENT_ONESHOT);
}

static int on_sweep_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct agent *a = arg;

	(void)src;
	(void)fd;
	(void)events;
	upkeep_reap(&a->sweep, 0);
	agent_turn(a);
	return 0;
}

/* By exit code 1 a program asks for a sweep: hornero-keep where a file is due to come back, hornero-scrub where bytes changed. */
static int end_with_wish(struct agent *a, struct upkeep *u)
{
	enum { WANTS_SWEEP = 1 };
	int status = upkeep_reap(u, WANTS_SWEEP);

	if (WIFEXITED(status) && WEXITSTATUS(status) == WANTS_SWEEP) {
		a->next_sweep_ms = 0;
		agent_turn(a);
	}
	return 0;
}

static int on_keep_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct agent *a = arg;

	(void)src;
	(void)fd;
	(void)events;
	return end_with_wish(a, &a->keep);
}

/* What waits for room may go on. */
static int on_collect_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	enum { IS_LACKING = 1 }; /* a budget or a floor is not met */
	struct agent *a = arg;

	(void)src;
	(void)fd;
	(void)events;
	upkeep_reap(&a->collect, IS_LACKING);
	agent_turn(a);
	return 0;
}

/* Blocks, but not for ever. */
void upkeep_stop(struct upkeep *u)
{
	enum { STOP_MS = 2000 };

	u->watch = sd_event_source_disable_unref(u->watch);
	u->patience = sd_event_source_disable_unref(u->patience);
	if (u->child.pid <= 0)
		return;
	kill(u->child.pid, SIGKILL);
	if (!spawn_end(&u->child, STOP_MS))
		log_error("event=hangs program=%s pid=%d", u->name, (int)u->child.pid);
}

void upkeep_start(struct agent *a, struct upkeep *u, const char *name, const char *const *options, sd_event_io_handler_t ended)
{
	own_args struct args argv = ARGS_INIT;
	struct spawn s = SPAWN_INIT(NULL);
	struct err e = ERR_INIT;

	args_addf(&argv, "%s/%s", a->conf->libexec_dir, name);
	args_add(&argv, "-c");
	args_add(&argv, a->conf->path);
	for (; options && *options; options++)
		args_add(&argv, *options);
	s.argv = args_list(&argv);

	u->name = name;
	u->still = (struct process_still){0};
	u->agent = a;
	s.err = STDERR_FILENO;
	if (args_check(&argv, &e) < 0 || spawn_start(&s, &u->child, &e) < 0)
		log_error("event=not-started program=%s %s", name, e.msg);
	else if (sd_event_add_io(a->loop, &u->watch, u->child.pidfd, EPOLLIN, ended, a) < 0 ||
		 sd_event_add_time_relative(a->loop, &u->patience, CLOCK_BOOTTIME, patience_us(a), 0, on_patience, u) < 0)
		upkeep_stop(u);
}

void keeping_start(struct agent *a)
{
	enum { KEEP_MS = 60000 };
	int64_t often_ms = a->conf->cache_minimum_age_s * 1000 / 8;

	/* Also where one runs still: its end takes no turn. */
	a->next_keep_ms = clock_mono_ms() + (often_ms < KEEP_MS ? often_ms : KEEP_MS);
	if (a->keep.child.pid > 0)
		return;
	upkeep_start(a, &a->keep, "hornero-keep", NULL, on_keep_end);
}

void collecting_start(struct agent *a)
{
	enum { COLLECT_MS = 300000 };

	a->next_collect_ms = clock_mono_ms() + COLLECT_MS;
	if (a->collect.child.pid > 0)
		return;
	upkeep_start(a, &a->collect, "hornero-collect", quiet, on_collect_end);
}

static int on_scrub_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct agent *a = arg;

	(void)src;
	(void)fd;
	(void)events;
	return end_with_wish(a, &a->scrub);
}

void scrubbing_start(struct agent *a)
{
	enum { SCRUB_MS = 600000 };
	int64_t often_ms = a->conf->scrub_interval_s * 1000;
	struct scrubbed done;
	struct steady clock;
	struct err e = ERR_INIT;

	a->next_scrub_ms = clock_mono_ms() + (often_ms == 0 || often_ms > SCRUB_MS ? SCRUB_MS : often_ms);
	if (a->scrub.child.pid > 0)
		return;
	steady_load(&clock, a->conf->queue_dir);
	/* What cannot be read the program says. */
	if (scrubbed_load(a->conf->store_dir, &done, &e) == 0 &&
	    !scrubbed_is_due(&done, a->conf->scrub_interval_s, steady_now_ms(&clock)))
		return;
	a->scrub.beat_ns = scrubbed_beat_ns(a->conf->store_dir);
	upkeep_start(a, &a->scrub, "hornero-scrub", NULL, on_scrub_end);
}

void sweeping_start(struct agent *a)
{
	struct stat st;

	if (a->sweep.child.pid > 0)
		return; /* its end takes another turn, which sees what is still to be done */
	a->next_sweep_ms = clock_mono_ms() + a->conf->sweep_interval_s * 1000;
	if (stat(a->conf->images_dir, &st) == 0)
		a->images_mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	upkeep_start(a, &a->sweep, "hornero-sweep", quiet, on_sweep_end);
}

void sweeping_stop(struct agent *a)
{
	upkeep_stop(&a->sweep);
	upkeep_stop(&a->keep);
	upkeep_stop(&a->collect);
	upkeep_stop(&a->scrub);
	upkeep_stop(&a->looks.sweep);
}
