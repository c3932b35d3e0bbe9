/* sweeping: the sweep runs as a child, one at a time. DIAGNOSTICS: a sweep that fails is logged and tried at the next interval. */
#include "agent/agent.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <sys/stat.h>

static int on_end(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct agent *a = arg;
	char how[64];
	int status;

	(void)src;
	(void)fd;
	(void)events;
	sd_event_source_disable_unref(a->sweep_watch);
	a->sweep_watch = NULL;
	status = spawn_wait(&a->sweep);
	if (status != 0)
		log_error("event=sweep-failed how=\"%s\"", spawn_status_text(status, how, sizeof(how)));
	agent_turn(a);
	return 0;
}

void sweeping_start(struct agent *a)
{
	own_free char *program = fs_path("%s/hornero-sweep", a->conf->libexec_dir);
	const char *argv[] = {program, "-c", a->conf->path, "--quiet", NULL};
	struct spawn s = SPAWN_INIT(argv);
	struct err e = ERR_INIT;
	struct stat st;

	if (a->sweep.pid > 0)
		return; /* its end takes another turn, which sees what is still to be done */
	a->next_sweep_ms = clock_mono_ms() + a->conf->sweep_interval_s * 1000;
	if (stat(a->conf->images_dir, &st) == 0)
		a->images_mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	s.err = STDERR_FILENO;
	if (spawn_start(&s, &a->sweep, &e) < 0) {
		log_error("event=sweep-not-started %s", e.msg);
		return;
	}
	if (sd_event_add_io(a->loop, &a->sweep_watch, a->sweep.pidfd, EPOLLIN, on_end, a) < 0)
		spawn_kill(&a->sweep);
}

void sweeping_stop(struct agent *a)
{
	if (a->sweep.pid > 0)
		spawn_kill(&a->sweep);
	sd_event_source_disable_unref(a->sweep_watch);
	a->sweep_watch = NULL;
}
