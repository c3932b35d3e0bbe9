/* sweeping: the sweep, what keeps the cache warm and what makes room run as children, one of each at a time.
 * DIAGNOSTICS: one that fails is logged and tried at the next interval. */
#include "agent/agent.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <sys/stat.h>
#include <sys/wait.h>

/* Its exit status, as of wait; logged where it is none of the expected. */
static int reap(struct child *child, sd_event_source **watch, const char *name, int expected)
{
	char how[64];
	int status;

	*watch = sd_event_source_disable_unref(*watch);
	status = spawn_wait(child);
	if (status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == expected))
		log_error("event=%s-failed how=\"%s\"", name, spawn_status_text(status, how, sizeof(how)));
	return status;
}

static int on_sweep_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct agent *a = arg;

	(void)src;
	(void)fd;
	(void)events;
	reap(&a->sweep, &a->sweep_watch, "sweep", 0);
	agent_turn(a);
	return 0;
}

static int on_keep_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	enum { IS_DUE = 1 }; /* a file that is gone is due to come back */
	struct agent *a = arg;
	int status = reap(&a->keep, &a->keep_watch, "keep", IS_DUE);

	(void)src;
	(void)fd;
	(void)events;
	if (WIFEXITED(status) && WEXITSTATUS(status) == IS_DUE) {
		a->next_sweep_ms = 0;
		agent_turn(a);
	}
	return 0;
}

/* What waits for room may go on. */
static int on_collect_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	enum { IS_LACKING = 1 }; /* a budget or a floor is not met */
	struct agent *a = arg;

	(void)src;
	(void)fd;
	(void)events;
	reap(&a->collect, &a->collect_watch, "collect", IS_LACKING);
	agent_turn(a);
	return 0;
}

static void start(struct agent *a, const char *name, const char *option, struct child *child, sd_event_source **watch,
		  sd_event_io_handler_t ended)
{
	own_free char *program = fs_path("%s/%s", a->conf->libexec_dir, name);
	const char *argv[] = {program, "-c", a->conf->path, option, NULL};
	struct spawn s = SPAWN_INIT(argv);
	struct err e = ERR_INIT;

	s.err = STDERR_FILENO;
	if (spawn_start(&s, child, &e) < 0) {
		log_error("event=not-started program=%s %s", name, e.msg);
		return;
	}
	if (sd_event_add_io(a->loop, watch, child->pidfd, EPOLLIN, ended, a) < 0)
		spawn_kill(child);
}

void keeping_start(struct agent *a)
{
	enum { KEEP_MS = 60000 };
	int64_t often_ms = a->conf->cache_minimum_age_s * 1000 / 8;

	/* Also where one runs still: its end takes no turn. */
	a->next_keep_ms = clock_mono_ms() + (often_ms < KEEP_MS ? often_ms : KEEP_MS);
	if (a->keep.pid > 0)
		return;
	start(a, "hornero-keep", NULL, &a->keep, &a->keep_watch, on_keep_end);
}

void collecting_start(struct agent *a)
{
	enum { COLLECT_MS = 300000 };

	a->next_collect_ms = clock_mono_ms() + COLLECT_MS;
	if (a->collect.pid > 0)
		return;
	start(a, "hornero-collect", "--quiet", &a->collect, &a->collect_watch, on_collect_end);
}

void sweeping_start(struct agent *a)
{
	struct stat st;

	if (a->sweep.pid > 0)
		return; /* its end takes another turn, which sees what is still to be done */
	a->next_sweep_ms = clock_mono_ms() + a->conf->sweep_interval_s * 1000;
	if (stat(a->conf->images_dir, &st) == 0)
		a->images_mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	start(a, "hornero-sweep", "--quiet", &a->sweep, &a->sweep_watch, on_sweep_end);
}

void sweeping_stop(struct agent *a)
{
	if (a->sweep.pid > 0)
		spawn_kill(&a->sweep);
	if (a->keep.pid > 0)
		spawn_kill(&a->keep);
	if (a->collect.pid > 0)
		spawn_kill(&a->collect);
	a->collect_watch = sd_event_source_disable_unref(a->collect_watch);
	a->keep_watch = sd_event_source_disable_unref(a->keep_watch);
	a->sweep_watch = sd_event_source_disable_unref(a->sweep_watch);
}
