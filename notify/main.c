/* hornero-notify: tells the operator's programs of each publication of an image with on_warm:
 * notify, and with notify_audit of each record of the audit log.
 *
 * The records of what is warm are its outbox: a publication that has no answer in notify_dir is
 * due. So a kill at any point loses no event, and of several publications the latest wins.
 *
 * DIAGNOSTICS: what concerns an image is its record (store/notified.h) and one line of the log. The
 * program ends only if its configuration or its directories are unusable. */
#include "notify/audittell.h"
#include "notify/deliver.h"
#include "notify/retry.h"

#include "conf/conf.h"
#include "conf/image.h"
#include "lib/alone.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"
#include "lib/stopsignal.h"
#include "lib/systemd.h"
#include "store/notified.h"
#include "store/nova.h"
#include "store/placed.h"
#include "store/release.h"

#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>

enum {
	LOOK_MS = 10 * 1000, /* at the records, though inotify told nothing */
	AUDIT_MS = 1000,     /* longest time for the audit log before images are looked at */
};

struct program {
	struct conf *conf;
	const char *conf_path;
	int signals, inotify;
	bool once, is_ended, is_retried; /* is_retried: what failed is due */
	size_t unsettled;
	int64_t next_ms; /* monotonic: when the first retry is due */
};

/* The artifact of an image that is warm. */
struct event {
	const struct image *img;
	struct warm w;
	bool is_release_alone;
};

/* Returns 1 if the image's last publication is in the cache, 0 if not, -1 on error. */
static int look(const struct conf *c, struct event *ev, struct err *e)
{
	const char *uuid = ev->img->uuid;
	enum warm_state state;
	struct warm own = {0};

	if (release_newest(c->store_dir, uuid, &ev->w, e) < 0 ||
	    warm_look(c->store_dir, c->cache_dir, uuid, &own, &state, e) < 0)
		return -1;
	if (!*ev->w.made.digest)
		return 0;
	ev->is_release_alone = own.made.job != ev->w.made.job ||
			       own.made.attempt != ev->w.made.attempt;
	if (state == WARM_NONE || ev->is_release_alone)
		state = warm_state_of(c->cache_dir, &ev->w, e);
	return state == WARM_NONE ? -1 : state == WARM_OK;
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

/* Returns the event as JSON on one line; the caller frees it. */
static char *event_text(const struct conf *c, const struct event *ev, struct err *e)
{
	own_free char *file = fs_path("%s/%s", c->cache_dir, ev->w.name);
	char release[UUID_LEN + 1], node[65] = "";
	struct warm placed;
	enum warm_state state;
	char *text;
	json_t *o;

	if (nova_release(ev->img->uuid, ev->w.made.digest, release, e) < 0 ||
	    placed_look(c->store_dir, c->cache_dir, ev->img->uuid, ev->w.made.digest, &placed,
			&state, e) < 0)
		return NULL;
	(void)gethostname(node, sizeof(node) - 1);
	o = json_object();
	json_object_set_new(o, "event", json_string("warm"));
	json_object_set_new(o, "node", text_or_null(node));
	json_object_set_new(o, "image", json_string(ev->img->uuid));
	json_object_set_new(o, "name", text_or_null(ev->img->name));
	json_object_set_new(o, "repo", text_or_null(ev->img->repo));
	json_object_set_new(o, "ref", text_or_null(ev->img->ref));
	json_object_set_new(o, "commit", text_or_null(ev->w.made.commit));
	json_object_set_new(o, "digest", text_or_null(ev->w.made.digest));
	json_object_set_new(o, "job", json_integer(ev->w.made.job));
	json_object_set_new(o, "attempt", json_integer(ev->w.made.attempt));
	json_object_set_new(o, "cache_file", json_string(file));
	json_object_set_new(o, "size_bytes", json_integer(ev->w.size_bytes));
	json_object_set_new(o, "release", state == WARM_OK ? json_string(release) : json_null());
	json_object_set_new(o, "is_release_alone", json_boolean(ev->is_release_alone));
	text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	if (!text)
		err_set(e, ERR_NOBODY, "out of memory for an event");
	return text;
}

static void tell(const struct notified *n)
{
	char quoted[2 * sizeof(n->reason) + 3];

	log_line(*n->reason ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
		 "event=notify-%s image=%s job=%lld reason=%s", n->state, n->image,
		 (long long)n->job, log_quote(quoted, sizeof(quoted), n->reason));
}

/* Runs the programs and records how they ended. */
static int settle(struct program *p, const struct event *ev, struct notified *n, struct err *e)
{
	own_free char *text = event_text(p->conf, ev, e);
	struct delivery d = {.dir = p->conf->events_dir,
			     .event = "warm",
			     .timeout_s = p->conf->notify_timeout_s,
			     .text = text,
			     .len = text ? strlen(text) : 0,
			     .stop = p->signals};
	struct err why = ERR_INIT;
	enum delivered done;

	if (!text)
		return -1;
	memcpy(d.done, n->program, sizeof(d.done));
	failpoint("notify-before-programs");
	done = deliver(&d, &why);
	if (done == DELIVERED_STOPPED)
		return 0;
	memcpy(n->program, d.done, sizeof(n->program));
	snprintf(n->state, sizeof(n->state), "%s",
		 notified_state_name(done == DELIVERED_ALL ? NOTIFIED_DONE : NOTIFIED_FAILED));
	snprintf(n->reason, sizeof(n->reason), "%.*s", (int)sizeof(n->reason) - 1, why.msg);
	n->since_ms = clock_wall_ms();
	n->tries += done != DELIVERED_ALL;
	n->next_ms = done == DELIVERED_ALL ? 0 : n->since_ms + retry_delay_ms(n->tries);
	tell(n);
	failpoint("notify-before-record");
	return notified_save(p->conf->notify_dir, n, e);
}

static int attend(struct program *p, const struct image *img, struct err *e)
{
	struct event ev = {.img = img};
	struct notified n;
	int warm = look(p->conf, &ev, e), known;
	int64_t due_ms;

	if (warm <= 0)
		return warm;
	known = notified_load(p->conf->notify_dir, img->uuid, &n, e);
	if (known < 0)
		return -1;
	if (!known || notified_state(&n, &ev.w) == NOTIFIED_NONE) {
		n = (struct notified){.job = ev.w.made.job, .attempt = ev.w.made.attempt};
		memcpy(n.image, img->uuid, sizeof(n.image));
	}
	if (notified_state(&n, &ev.w) == NOTIFIED_DONE)
		return 0;
	if ((p->is_retried || retry_is_due(n.next_ms)) && settle(p, &ev, &n, e) < 0)
		return -1;
	if (notified_state(&n, &ev.w) != NOTIFIED_DONE) {
		p->unsettled++;
		due_ms = retry_mono_ms(n.next_ms);
		p->next_ms = due_ms < p->next_ms ? due_ms : p->next_ms;
	}
	return 0;
}

static bool has_signal(const struct program *p)
{
	struct pollfd fd = {.fd = p->signals, .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

static int tell_images(struct program *p, struct err *e)
{
	struct image *list = NULL;
	size_t n = 0;
	int done = 0;

	p->unsettled = 0;
	p->next_ms = INT64_MAX;
	if (images_load(p->conf->images_dir, &list, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && done == 0 && !has_signal(p); i++)
		if (!list[i].broken && list[i].on_warm == IMAGE_ON_WARM_NOTIFY)
			done = attend(p, &list[i], e);
	images_free(list, n);
	return done;
}

static int tell_audit(struct program *p, struct err *e)
{
	struct audittell t = {.c = p->conf,
			      .stop = p->signals,
			      .is_fresh = p->is_retried,
			      .until_ms = p->once ? INT64_MAX : clock_mono_ms() + AUDIT_MS};
	int more = audittell(&t, e);

	if (more < 0)
		return -1;
	p->unsettled += t.is_behind;
	if (more)
		p->next_ms = 0;
	else if (t.next_ms < p->next_ms)
		p->next_ms = t.next_ms;
	return 0;
}

/* Images first: a long audit log must not keep them waiting. */
static int pass(struct program *p, struct err *e)
{
	int done = tell_images(p, e);

	if (done == 0 && !has_signal(p))
		done = tell_audit(p, e);
	p->is_retried = false;
	return done;
}

/* Watches are for speed alone, so a directory that does not exist yet is no error. */
static void watch(const struct program *p)
{
	own_free char *warm = fs_path("%s/warm", p->conf->store_dir);

	(void)inotify_add_watch(p->inotify, warm, IN_MOVED_TO);
	(void)inotify_add_watch(p->inotify, p->conf->images_dir, IN_MOVED_TO);
	if (p->conf->notify_audit == CONF_NOTIFY_AUDIT_YES)
		(void)inotify_add_watch(p->inotify, p->conf->audit_dir,
					IN_CREATE | IN_MODIFY | IN_MOVED_TO);
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
	p->is_retried = true;
	if (p->is_ended)
		return;
	if (configure(p, &e) < 0)
		log_warn("event=not-reloaded %s", e.msg);
	else
		log_info("event=reloaded");
}

static void sleep_until_due(struct program *p)
{
	struct pollfd fds[] = {{p->signals, POLLIN, 0}, {p->inotify, POLLIN, 0}};
	int64_t ms = p->next_ms - clock_mono_ms();
	char events[4096];

	ms = ms > LOOK_MS ? LOOK_MS : ms < 0 ? 0 : ms;
	if (poll(fds, 2, (int)ms) <= 0)
		return;
	if (fds[0].revents)
		take_signal(p);
	while (fds[1].revents && read(p->inotify, events, sizeof(events)) > 0)
		;
}

static int run_on(struct program *p, struct err *e)
{
	const struct systemd systemd = systemd_open();

	log_info("event=ready programs=%s", p->conf->events_dir);
	systemd_ready(&systemd);
	while (!p->is_ended) {
		watch(p);
		if (pass(p, e) < 0) {
			if (e->class != ERR_NOBODY)
				return -1;
			log_warn("event=pass-ended %s", e->msg);
			p->next_ms = clock_mono_ms() + LOOK_MS;
		}
		sleep_until_due(p);
	}
	return 0;
}

static int run(struct program *p, struct err *e)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, 0};
	own_fd int place = -1;

	p->conf_path = conf_find(p->conf_path);
	p->signals = stopsignal_open(signals, e);
	if (p->signals < 0 || configure(p, e) < 0)
		return -1;
	p->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	place = alone_take(p->conf->notify_dir, "hornero-notify", e);
	if (place < 0)
		return err_wrap(e, "notify_dir");
	p->is_retried = true;
	if (!p->once)
		return run_on(p, e);
	if (pass(p, e) < 0)
		return -1;
	return p->unsettled == 0 ? 0
				 : err_set(e, ERR_NOBODY, "%zu events are not delivered yet",
					   p->unsettled);
}

static const struct argp_option words[] = {
	{"once", 'o', NULL, 0, "Try each event once, then end", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct program *p = state->input;

	(void)arg;
	if (key != 'o')
		return ARGP_ERR_UNKNOWN;
	p->once = true;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {words,
					 parse,
					 NULL,
					 "Tells the programs of events_dir when an image with "
					 "on_warm: notify has become warm, and with notify_audit "
					 "of each record of the audit log. SIGHUP reads the "
					 "configuration again, and tries every event.",
					 NULL,
					 NULL,
					 NULL};
	struct program p = {.signals = -1, .inotify = -1};
	struct err e = ERR_INIT;
	int rc;

	options_parse(&argp, argc, argv, &p, &p.conf_path);
	log_open("hornero-notify", LOG_LEVEL_INFO);
	rc = run(&p, &e);
	if (rc < 0)
		log_error("%s", e.msg);
	conf_free(p.conf);
	own_fd_end(&p.signals);
	own_fd_end(&p.inotify);
	return rc < 0 ? err_exit(e.class) : 0;
}
