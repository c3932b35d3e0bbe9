/* hornero-mirror: keeps the mirrors of this node equal to their upstream repositories: at each
 * sweep_interval, and at once after a notice (`hornero repo fetch`).
 *
 *     hornero-mirror [--once]            the service, with a process for each fetch
 *     hornero-mirror --repo NAME         one fetch
 *
 * The mirrors are the files of state/mirror.h. Nothing else is kept: at its start each is due.
 *
 * DIAGNOSTICS: what concerns a mirror is its record (store/mirrored.h) and the log. The service
 * ends only if its configuration or its directory is unusable. */
#include "mirror/follow.h"

#include "conf/check.h"
#include "lib/alone.h"
#include "lib/args.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"
#include "lib/spawn.h"
#include "lib/stopsignal.h"
#include "lib/systemd.h"
#include "state/mirror.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	RUNNING_MAX = 4,
	LOOK_MS = 60 * 1000, /* at the mirrors, though inotify told nothing */
};

struct mirror {
	char *repo;
	char url[MIRROR_URL_MAX + 1]; /* these two as the last fetch began */
	int64_t wish;
	int64_t due_ms;     /* monotonic */
	struct child child; /* pid 0: none */
	bool is_there, was_run;
};

struct program {
	struct conf *conf;
	const char *conf_path, *repo;
	const char *self;
	int signals, inotify;
	struct systemd systemd;
	bool once, is_ended;
	struct mirror *list;
	size_t n, running;
};

static int start(struct program *p, struct mirror *m, struct err *e)
{
	const char *const argv[] = {p->self,   "-c", p->conf->path, "--repo", m->repo,
				    NULL};
	struct spawn s = SPAWN_INIT(argv);

	s.out = STDOUT_FILENO;
	s.err = STDERR_FILENO;
	s.death = SIGTERM;
	(void)mirror_url(p->conf, m->repo, m->url);
	m->wish = mirror_wish(p->conf, m->repo);
	m->due_ms = clock_mono_ms() + p->conf->sweep_interval_s * 1000;
	m->was_run = true;
	if (spawn_start(&s, &m->child, e) < 0)
		return -1;
	p->running++;
	return 0;
}

static void reap(struct program *p, struct mirror *m)
{
	struct pollfd fd = {.fd = m->child.pidfd, .events = POLLIN};

	if (m->child.pid <= 0 || poll(&fd, 1, 0) <= 0)
		return;
	spawn_wait(&m->child);
	p->running--;
}

static void find(void *arg, const char *repo)
{
	struct program *p = arg;
	struct mirror *list;

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].repo, repo) == 0) {
			p->list[i].is_there = true;
			return;
		}
	list = realloc(p->list, (p->n + 1) * sizeof(*list));
	if (!list)
		return; /* found at the next look */
	p->list = list;
	list[p->n++] = (struct mirror){.repo = fs_path("%s", repo), .is_there = true};
}

static bool is_due(const struct program *p, const struct mirror *m)
{
	char url[MIRROR_URL_MAX + 1];

	return m->child.pid <= 0 && m->is_there &&
	       (clock_mono_ms() >= m->due_ms || mirror_wish(p->conf, m->repo) != m->wish ||
		(mirror_url(p->conf, m->repo, url) && strcmp(url, m->url) != 0));
}

static void forget_removed(struct program *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (p->list[i].is_there || p->list[i].child.pid > 0)
			p->list[kept++] = p->list[i];
		else
			free(p->list[i].repo);
	}
	p->n = kept;
}

/* The mirror that waited longest goes first. */
static struct mirror *next_due(struct program *p)
{
	struct mirror *next = NULL;

	for (size_t i = 0; i < p->n; i++)
		if (!(p->once && p->list[i].was_run) && is_due(p, &p->list[i]) &&
		    (!next || p->list[i].due_ms < next->due_ms))
			next = &p->list[i];
	return next;
}

static int pass(struct program *p, struct err *e)
{
	struct mirror *m;

	for (size_t i = 0; i < p->n; i++) {
		reap(p, &p->list[i]);
		p->list[i].is_there = false;
	}
	if (mirror_each(p->conf, find, p, e) < 0)
		return -1;
	forget_removed(p);
	while (p->running < RUNNING_MAX && (m = next_due(p)))
		if (start(p, m, e) < 0)
			return -1;
	p->is_ended = p->is_ended || (p->once && p->running == 0);
	return 0;
}

/* Like a reload of hornerod, keeps the old configuration if the new one is unusable. */
static int configure(struct program *p, struct err *e)
{
	own_conf struct conf *c = NULL;

	if (conf_load(&c, p->conf_path, e) < 0)
		return -1;
	conf_free(p->conf);
	p->conf = steal_ptr(&c);
	return 0;
}

static void take_signal(struct program *p)
{
	struct signalfd_siginfo info;
	struct err e = ERR_INIT;

	if (read(p->signals, &info, sizeof(info)) != sizeof(info))
		return;
	p->is_ended = info.ssi_signo != SIGHUP;
	if (p->is_ended)
		return;
	for (size_t i = 0; i < p->n; i++)
		p->list[i].due_ms = 0;
	if (configure(p, &e) < 0)
		log_warn("event=not-reloaded %s", e.msg);
	else
		log_info("event=reloaded");
}

static void sleep_until_due(struct program *p)
{
	struct pollfd fds[2 + RUNNING_MAX] = {{p->signals, POLLIN, 0}, {p->inotify, POLLIN, 0}};
	int64_t until_ms = clock_mono_ms() + LOOK_MS, left_ms;
	char events[4096];
	nfds_t n = 2;

	for (size_t i = 0; i < p->n; i++) {
		const struct mirror *m = &p->list[i];

		if (m->child.pid > 0)
			fds[n++] = (struct pollfd){m->child.pidfd, POLLIN, 0};
		else if (p->running < RUNNING_MAX && m->due_ms < until_ms)
			until_ms = m->due_ms;
	}
	left_ms = until_ms - clock_mono_ms();
	if (poll(fds, n, systemd_ms(&p->systemd, left_ms < 0 ? 0 : (int)left_ms)) <= 0)
		return;
	if (fds[0].revents)
		take_signal(p);
	while (fds[1].revents && read(p->inotify, events, sizeof(events)) > 0)
		;
}

static void stop_children(struct program *p)
{
	enum { STOP_MS = 5000 };

	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].child.pid > 0)
			kill(p->list[i].child.pid, SIGTERM);
	for (size_t i = 0; i < p->n; i++) {
		if (p->list[i].child.pid > 0 && !spawn_end(&p->list[i].child, STOP_MS))
			log_error("event=hangs program=hornero-mirror repo=%s", p->list[i].repo);
		free(p->list[i].repo);
	}
	free(p->list);
}

static int run_on(struct program *p, struct err *e)
{
	p->systemd = systemd_open();
	log_info("event=ready mirrors=%s", p->conf->mirror_dir);
	systemd_ready(&p->systemd);
	while (!p->is_ended) {
		(void)inotify_add_watch(p->inotify, p->conf->mirror_dir, IN_MOVED_TO | IN_DELETE);
		if (pass(p, e) < 0) {
			if (e->class != ERR_NOBODY)
				return -1;
			log_warn("event=pass-ended %s", e->msg);
		}
		if (!p->is_ended)
			sleep_until_due(p);
	}
	return 0;
}

static void end_group(int signal)
{
	(void)signal;
	kill(0, SIGKILL);
}

/* Ends with all its children. If bwrap alone dies while it sets up a sandbox, its child waits for
 * it for ever: --die-with-parent does not hold yet. */
static int follow_one(struct program *p, struct err *e)
{
	if (configure(p, e) < 0 || check_repo(p->repo, e) < 0)
		return -1;
	if (setpgid(0, 0) < 0 && getpgrp() != getpid())
		return err_sys(e, ERR_US, "cannot make a process group");
	signal(SIGTERM, end_group);
	signal(SIGINT, end_group);
	return follow(p->conf, p->repo, e);
}

static int run(struct program *p, struct err *e)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, 0};
	own_fd int place = -1;

	p->conf_path = conf_find(p->conf_path);
	if (p->repo)
		return follow_one(p, e);
	p->signals = stopsignal_open(signals, e);
	if (p->signals < 0 || configure(p, e) < 0)
		return -1;
	p->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	place = alone_take(p->conf->mirror_dir, "hornero-mirror", e);
	return place < 0 ? -1 : run_on(p, e);
}

static const struct argp_option words[] = {
	{"once", 'o', NULL, 0, "Fetch each mirror once, then end", 0},
	{"repo", 'r', "NAME", 0, "Fetch this mirror only, then end", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct program *p = state->input;

	switch (key) {
	case 'o': p->once = true; return 0;
	case 'r': p->repo = arg; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {words,
					 parse,
					 NULL,
					 "Fetches the mirrors of this node from their upstream "
					 "repositories. SIGHUP reads the configuration again, and "
					 "fetches all of them.",
					 NULL,
					 NULL,
					 NULL};
	struct program p = {.signals = -1, .inotify = -1};
	struct err e = ERR_INIT;
	int rc;

	options_parse(&argp, argc, argv, &p, &p.conf_path);
	log_open("hornero-mirror", LOG_LEVEL_INFO);
	p.self = argv[0];
	rc = run(&p, &e);
	if (rc < 0)
		log_error("%s", e.msg);
	stop_children(&p);
	conf_free(p.conf);
	own_fd_end(&p.signals);
	own_fd_end(&p.inotify);
	return rc < 0 ? err_exit(e.class) : 0;
}
