/* loop: the events that wake the agent. DIAGNOSTICS: a signal or bell that cannot be set up at
 * start is fatal; later nothing here fails. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/handover.h"
#include "agent/hornerod/looking.h"
#include "agent/hornerod/reloading.h"

#include "lib/bell.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static void on_look(void *arg, const char *repo)
{
	looking_add(arg, repo);
}

static int on_bell(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	(void)src;
	(void)events;
	bell_drain(fd, on_look, arg);
	looking_start(arg); /* before the turn, which may have to wait for the queue */
	agent_turn(arg);
	return 0;
}

static int on_timer(sd_event_source *src, uint64_t at, void *arg)
{
	(void)src;
	(void)at;
	agent_turn(arg);
	return 0;
}

static int on_stop(sd_event_source *src, const struct signalfd_siginfo *si, void *arg)
{
	struct agent *a = arg;

	(void)src;
	log_info("event=stopping signal=%u", si->ssi_signo);
	a->stopping = true;
	return sd_event_exit(a->loop, 0);
}

/* An unusable configuration or program changes nothing: the old ones stay in use. */
static int on_reload(sd_event_source *src, const struct signalfd_siginfo *si, void *arg)
{
	struct agent *a = arg;
	struct err e = ERR_INIT;

	(void)src;
	(void)si;
	sd_notify(0, "RELOADING=1");
	handover(a, &e);
	log_error("event=reload-refused %s", e.msg);
	sd_notify(0, "READY=1");
	reloading_answer(a->conf, e.msg);
	return 0;
}

static int check(int rc, const char *what, struct err *e)
{
	if (rc >= 0)
		return 0;
	errno = -rc;
	return err_sys(e, ERR_US, "%s", what);
}

int agent_loop_init(struct agent *a, struct err *e)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	a->bell = bell_listen(a->conf->run_dir, e);
	if (a->bell < 0 || check(sd_event_new(&a->loop), "sd_event_new", e) < 0 ||
	    check(sd_event_add_signal(a->loop, NULL, SIGTERM, on_stop, a), "SIGTERM", e) < 0 ||
	    check(sd_event_add_signal(a->loop, NULL, SIGINT, on_stop, a), "SIGINT", e) < 0 ||
	    check(sd_event_add_signal(a->loop, NULL, SIGHUP, on_reload, a), "SIGHUP", e) < 0 ||
	    check(sd_event_add_io(a->loop, NULL, a->bell, EPOLLIN, on_bell, a), "doorbell", e) <
		    0 ||
	    check(sd_event_add_time_relative(a->loop, &a->timer, CLOCK_BOOTTIME, 0, 1000, on_timer,
					     a),
		  "timer", e) < 0)
		return -1;
	sd_event_set_watchdog(a->loop, true);
	return 0;
}

void agent_loop_fini(struct agent *a)
{
	own_free char *path = a->conf ? fs_path("%s/doorbell", a->conf->run_dir) : NULL;

	sd_event_source_unref(a->timer);
	sd_event_source_unref(a->yield_timer);
	sd_event_unref(a->loop);
	if (a->bell >= 0) {
		FAILSTEP("done-unlink", unlink(path));
		close(a->bell);
	}
}
