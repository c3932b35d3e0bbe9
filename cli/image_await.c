/* image_await: DIAGNOSTICS: ERR_OPERATOR with the reason if Glance refuses the record; exit 75 if
 * the time is over, 130 after a signal. */
#include "cli/image_await.h"

#include "cli/change.h"
#include "cli/registration.h"
#include "cli/wait.h"
#include "cli/watch.h"
#include "cli/words.h"
#include "conf/imagepending.h"
#include "lib/alone.h"
#include "lib/bell.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/stopsignal.h"
#include "store/stable.h"

#include <string.h>

#define AWAIT_S "60" /* hornero-glance answers within seconds, unless Glance is busy */

struct await {
	struct cli *cli;
	const struct conf *c;
	const struct image *img;
	int64_t asked_ms, deadline_ms;
	char told[sizeof(((struct registration *)NULL)->reason)]; /* the last reason to wait */
};

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

int image_await_options(const struct cli *cli, const struct call *call, struct image *img,
			struct err *e)
{
	const char *name = call_option(call, "glance");
	bool adopt = call_option(call, "adopt") != NULL;

	if (!name && !adopt) {
		if (!call_option(call, "no-wait") && !call_option(call, "timeout") &&
		    !call_option(call, "follow"))
			return 0;
		return err_set(e, ERR_USAGE,
			       "--follow, --no-wait and --timeout need --glance or --adopt");
	}
	if (cli->key)
		return err_set(e, ERR_USAGE,
			       "--glance and --adopt work only on the node itself, not with a key: "
			       "they use the operator's credentials");
	if (name && adopt)
		return err_set(e, ERR_USAGE, "--glance makes a record and --adopt takes one over: "
					     "give one of them");
	if (call_option(call, "replace"))
		return err_set(e, ERR_USAGE, "--replace works with neither --glance nor --adopt; "
					     "use it after the image is bound");
	if (adopt && call->nargs != 2)
		return err_set(e, ERR_USAGE, "--adopt needs the UUID of the image in Glance");
	if (name && (!*name || !is_printable(name)))
		return err_set(e, ERR_USAGE, "--glance needs a name of printable ASCII characters");
	if (name && !*img->name && image_set(img, "name", name, e) < 0)
		return -1;
	if (call_option(call, "follow") && image_set(img, "glance_stable", "follow", e) < 0)
		return -1;
	return image_set(img, "glance_record", adopt ? "adopt" : "create", e);
}

static bool is_bound(const struct await *w)
{
	own_free char *file = fs_path("%s/%s.yaml", w->c->images_dir, w->img->uuid);

	return access(file, F_OK) == 0;
}

/* Nothing is built for it, and hornero-glance does no more for it. */
static int take_back(const struct await *w, struct err *e)
{
	int rc = imagepending_remove(w->c->images_dir, w->img->uuid, e);

	bell_ring(w->c->run_dir);
	return rc < 0 ? -1 : 0;
}

/* The sweep binds it as well, if we end before. */
static int bind(const struct await *w, struct err *e)
{
	own_fd int lock = images_lock(w->c->images_dir, IMAGES_LOCK_MS, e);

	if (lock < 0 || imagepending_bind(w->c->images_dir, w->img->uuid, e) < 0)
		return -1;
	return is_bound(w) ? 0
			   : err_set(e, ERR_NOBODY,
				     "image %s is not bound: another command took its request back",
				     w->img->uuid);
}

static void tell(struct await *w, const char *reason)
{
	if (strcmp(w->told, reason) != 0)
		cli_say(stderr, "hornero: %s", reason);
	snprintf(w->told, sizeof(w->told), "%s", reason);
}

static void tell_wait(struct await *w, const struct registration *r)
{
	if (r)
		tell(w, r->reason);
	else if (!cli_agent_runs(w->c))
		tell(w, "hornerod does not run, so nobody asks hornero-glance: `systemctl start "
			"hornerod`");
	else if (alone_is_taken(w->c->glance_dir) == 0)
		tell(w, "hornero-glance does not run: `systemctl start hornero-glance`");
	else
		tell(w, "waiting for hornero-glance");
}

/* Returns 0 once bound, 1 if not yet, -1 if refused. */
static int look(struct await *w, struct err *e)
{
	struct registration r;
	struct stable s;
	enum registration_state state;
	int known;

	if (is_bound(w))
		return 0;
	known = stable_get(w->c->store_dir, w->img->uuid, &s, e);
	if (known > 0 && s.serial >= w->asked_ms)
		known = registration_load(w->c->glance_dir, w->img->uuid, &r, e);
	else if (known > 0)
		known = 0;
	if (known < 0)
		return -1;
	if (known == 0 || r.job != s.serial) {
		tell_wait(w, NULL);
		return 1;
	}
	state = registration_state(&r);
	if (stable_is_made(&s, &r))
		return bind(w, e);
	if (state != REGISTRATION_REFUSED && state != REGISTRATION_HELD) {
		tell_wait(w, &r);
		return 1;
	}
	if (take_back(w, e) < 0)
		return -1;
	return err_set(e, ERR_OPERATOR, "image %s is not bound: %s", w->img->uuid, r.reason);
}

static int give_up(const struct await *w)
{
	const char *uuid = w->img->uuid;

	cli_say(stderr,
		"hornero: image %s is not bound yet; that happens by itself once hornero-glance "
		"has %s its record; `hornero why %s` says more, `hornero image remove %s` takes "
		"the request back",
		uuid, w->img->glance_record == IMAGE_RECORD_ADOPT ? "adopted" : "made", uuid, uuid);
	return 75;
}

static int stop(const struct await *w, struct err *e)
{
	if (take_back(w, e) < 0)
		return -1;
	cli_say(stderr,
		"hornero: image %s is not bound; if Glance has its record already, that stays, and "
		"the same command continues with it",
		w->img->uuid);
	return 130;
}

static int wait_for_it(struct await *w, int signals, struct err *e)
{
	own_watch struct watch watch = watch_open();

	watch_add(&watch, w->c->glance_dir);
	watch_add(&watch, w->c->images_dir);
	watch.extra = signals;
	for (;;) {
		int64_t left_ms = w->deadline_ms - clock_mono_ms();
		int rc = look(w, e);

		if (rc <= 0)
			return rc;
		if (left_ms <= 0)
			return give_up(w);
		if (watch_wait(&watch, left_ms) == WATCH_EXTRA)
			return stop(w, e);
	}
}

int image_await_run(struct cli *cli, const struct call *call, const struct image *img, int *lock,
		    struct err *e)
{
	const char *timeout = call_option(call, "timeout");
	struct await w = {.cli = cli, .c = cli->conf, .img = img};
	own_fd int signals = -1;

	if (wait_deadline(timeout ? timeout : AWAIT_S, &w.deadline_ms, e) < 0)
		return -1;
	signals = stopsignal_open(stopsignal_usual, e);
	if (signals < 0 || imagepending_save(w.c->images_dir, img, &w.asked_ms, e) < 0)
		return -1;
	own_fd_end(lock);
	*lock = -1;
	bell_ring(w.c->run_dir);
	change_say(cli, true, "image %s: asking hornero-glance to %s its record", img->uuid,
		   img->glance_record == IMAGE_RECORD_ADOPT ? "adopt" : "make");
	fflush(stdout);
	if (!call_option(call, "no-wait"))
		return wait_for_it(&w, signals, e);
	change_say(cli, true, "image %s is bound once that is done; `hornero why %s` tells",
		   img->uuid, img->uuid);
	change_end(cli, true, json_pack("{s:s}", "image", img->uuid));
	return 75;
}
