/* upkeep: starts, watches and kills one child that looks after store, cache or queue. DIAGNOSTICS:
 * a child that fails, or is killed because it does not end, is logged. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/upkeep.h"

#include "lib/args.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/scrubbed.h"

#include <signal.h>
#include <sys/wait.h>

int upkeep_reap(struct upkeep *u, int expected)
{
	char how[64];
	int status;

	u->watch = sd_event_source_disable_unref(u->watch);
	u->kill_timer = sd_event_source_disable_unref(u->kill_timer);
	status = spawn_wait(&u->child);
	if (status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == expected))
		log_error("event=failed program=%s how=\"%s\"", u->name,
			  spawn_status_text(status, how, sizeof(how)));
	return status;
}

static uint64_t kill_timer_us(const struct agent *a)
{
	return (uint64_t)a->conf->upkeep_timeout_s * 1000000;
}

/* At its rate hornero-scrub may need hours for one file. It may run on as long as it reports
 * progress. */
static bool goes_on(struct upkeep *u)
{
	int64_t was_ns = u->beat_ns;

	if (u != &u->agent->scrub)
		return false;
	u->beat_ns = scrubbed_beat_ns(u->agent->conf->store_dir);
	return u->beat_ns != was_ns;
}

/* Kills it; it runs again at its next interval. One that hangs in the kernel is logged each time.
 */
static int on_kill_timer(sd_event_source *src, uint64_t at, void *arg)
{
	struct upkeep *u = arg;

	(void)at;
	if (!goes_on(u)) {
		log_error("event=hangs program=%s pid=%d it did not %s within upkeep_timeout (%lld "
			  "s) and is killed",
			  u->name, (int)u->child.pid,
			  u == &u->agent->scrub ? "make progress" : "end",
			  (long long)u->agent->conf->upkeep_timeout_s);
		kill(u->child.pid, SIGKILL);
	}
	sd_event_source_set_time_relative(src, kill_timer_us(u->agent));
	return sd_event_source_set_enabled(src, SD_EVENT_ONESHOT);
}

/* Blocks for a limited time. */
void upkeep_stop(struct upkeep *u)
{
	enum { STOP_MS = 2000 };

	u->watch = sd_event_source_disable_unref(u->watch);
	u->kill_timer = sd_event_source_disable_unref(u->kill_timer);
	if (u->child.pid <= 0)
		return;
	kill(u->child.pid, SIGKILL);
	if (!spawn_end(&u->child, STOP_MS))
		log_error("event=hangs program=%s pid=%d", u->name, (int)u->child.pid);
}

void upkeep_start(struct agent *a, struct upkeep *u, const char *name, const char *const *options,
		  sd_event_io_handler_t ended)
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
		 sd_event_add_time_relative(a->loop, &u->kill_timer, CLOCK_BOOTTIME,
					    kill_timer_us(a), 0, on_kill_timer, u) < 0)
		upkeep_stop(u);
}
