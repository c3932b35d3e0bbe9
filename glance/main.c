/* hornero-glance: registers the releases of the outbox in Glance, and keeps their records right.
 * With --share it fetches artifacts of other nodes instead (sharing.h), in a process of its own, so
 * that no build waits for an upload.
 *
 * DIAGNOSTICS: what concerns a release is its state (store/registration.h) and one line of the log.
 * The program ends only if its configuration, credentials or directories are unusable. */
#include "glance/pass.h"
#include "glance/sharing.h"

#include "lib/alone.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"
#include "lib/stopsignal.h"
#include "lib/systemd.h"
#include "store/wanted.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

enum {
	LOOK_MS = 60 * 1000,  /* at the outbox, though inotify told nothing */
	LACK_MS = 2000,       /* …while its directory does not exist */
	ONCE_MS = 120 * 1000, /* for what Glance works on, with --once */
};

struct program {
	struct glance g;
	struct conf *conf;
	const char *conf_path;
	struct pass pass;
	int signals;
	struct watching watching;
	bool shares, once, is_ended;
};

/* Whether a signal waits that ends us; it stays there. */
static bool is_told_to_stop(void *arg)
{
	sigset_t pending;

	(void)arg;
	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT));
}

static int pass(struct program *p, struct err *e)
{
	if (!p->shares)
		return pass_run(&p->pass, e);
	p->pass.next_ms = INT64_MAX;
	return sharing_pass(&p->g, is_told_to_stop, e);
}

/* Reads configuration and credentials. Like a reload of hornerod, keeps the old ones if the new
 * ones are unusable. */
static int configure(struct program *p, struct err *e)
{
	own_conf struct conf *c = NULL;
	own_cloud struct cloud cloud = {0};
	own_http struct http *http = NULL;

	if (conf_load(&c, p->conf_path, e) < 0 ||
	    cloud_load(c->glance_credentials, c->glance_cloud, &cloud, e) < 0)
		return -1;
	http = http_new(cloud.cacert, is_told_to_stop, NULL, e);
	if (!http)
		return -1;
	http_free(p->g.http);
	cloud_fini(&p->g.cloud);
	conf_free(p->conf);
	p->g.cloud = cloud;
	memset(&cloud, 0, sizeof(cloud));
	p->conf = steal_ptr(&c);
	p->g.conf = p->conf;
	p->g.http = steal_ptr(&http);
	*p->g.session.token = '\0';
	return 0;
}

static void take_signal(struct program *p)
{
	struct signalfd_siginfo info;
	struct err e = ERR_INIT;

	if (read(p->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGHUP) {
		p->is_ended = true;
		return;
	}
	schedule_all(&p->pass.schedule);
	rollouts_retry(&p->pass.rollouts);
	p->pass.traits.due_ms = 0;
	p->pass.offers_ms = 0;
	if (configure(p, &e) < 0)
		log_warn("event=not-reloaded %s", e.msg);
	else
		log_info("event=reloaded");
}

static void sleep_until_due(struct program *p)
{
	struct pollfd fds[] = {{p->signals, POLLIN, 0}, {p->watching.inotify, POLLIN, 0}};
	int64_t ms = p->pass.next_ms - clock_mono_ms();

	if (p->watching.watch < 0 && ms > LACK_MS)
		ms = LACK_MS;
	ms = ms > LOOK_MS ? LOOK_MS : ms < 0 ? 0 : ms;
	if (poll(fds, 2, (int)ms) <= 0)
		return;
	if (fds[0].revents)
		take_signal(p);
	if (fds[1].revents)
		watching_take(&p->watching);
}

/* One pass, and what Glance still works on. Returns -1 with ERR_NOBODY if a release is not
 * settled. */
static int run_once(struct program *p, struct err *e)
{
	int64_t end_ms = clock_mono_ms() + ONCE_MS;

	for (;;) {
		if (pass(p, e) < 0)
			return -1;
		if (p->pass.unsettled == 0 || p->is_ended || p->pass.next_ms > end_ms ||
		    p->pass.next_ms > clock_mono_ms() + LACK_MS)
			break;
		sleep_until_due(p);
	}
	if (p->pass.unsettled == 0)
		return 0;
	return err_set(e, ERR_NOBODY,
		       "%zu releases, stable ids or rollouts are not settled yet",
		       p->pass.unsettled);
}

static int run_on(struct program *p, struct err *e)
{
	const struct systemd systemd = systemd_open();

	log_info("event=ready cloud=%s method=%s", p->g.cloud.auth_url,
		 p->shares ? "share" : conf_glance_methods[p->conf->glance_method]);
	systemd_ready(&systemd);
	while (!p->is_ended) {
		watching_begin(&p->watching, p->conf, p->shares);
		if (pass(p, e) < 0) {
			if (e->class != ERR_NOBODY)
				return -1;
			log_warn("event=pass-ended %s", e->msg);
		}
		sleep_until_due(p);
	}
	return 0;
}

static int open_events(struct program *p, struct err *e)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, 0};

	signal(SIGPIPE, SIG_IGN);
	p->signals = stopsignal_open(signals, e);
	if (p->signals < 0)
		return -1;
	return watching_open(&p->watching, e);
}

static int run(struct program *p, struct err *e)
{
	own_free char *dir = NULL;
	own_fd int place = -1;

	p->conf_path = conf_find(p->conf_path);
	p->pass.g = &p->g;
	p->pass.watching = &p->watching;
	p->pass.is_stopped = is_told_to_stop;
	if (gethostname(p->g.node, sizeof(p->g.node) - 1) < 0)
		*p->g.node = '\0';
	if (open_events(p, e) < 0 || configure(p, e) < 0)
		return -1;
	dir = p->shares ? shared_dir(p->conf->glance_dir) : fs_path("%s", p->conf->glance_dir);
	place = alone_take(dir, p->shares ? "hornero-glance --share" : "hornero-glance", e);
	if (place < 0)
		return err_wrap(e, "glance_dir");
	return p->once ? run_once(p, e) : run_on(p, e);
}

static const struct argp_option words[] = {
	{"once", 'o', NULL, 0, "Try each release once, then end", 0},
	{"share", 's', NULL, 0, "Fetch artifacts of other nodes, for images with share: yes", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct program *p = state->input;

	(void)arg;
	switch (key) {
	case 'o': p->once = true; return 0;
	case 's': p->shares = true; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {words,
					 parse,
					 NULL,
					 "Registers the releases of images with releases: "
					 "registered in Glance, and has Nova rebuild servers onto "
					 "those of images with on_warm: rebuild. SIGHUP reads "
					 "configuration and credentials again, and tries all.",
					 NULL,
					 NULL,
					 NULL};
	struct program p = {.signals = -1, .watching = WATCHING_INIT};
	struct err e = ERR_INIT;
	int rc;

	options_parse(&argp, argc, argv, &p, &p.conf_path);
	log_open("hornero-glance", LOG_LEVEL_INFO);
	rc = run(&p, &e);
	if (rc < 0)
		log_error("%s", e.msg);
	schedule_fini(&p.pass.schedule);
	schedule_fini(&p.pass.rollouts.schedule);
	nodetraits_fini(&p.pass.traits);
	http_free(p.g.http);
	cloud_fini(&p.g.cloud);
	explicit_bzero(&p.g.session, sizeof(p.g.session));
	conf_free(p.conf);
	own_fd_end(&p.signals);
	own_fd_end(&p.watching.inotify);
	return rc < 0 ? err_exit(e.class) : 0;
}
