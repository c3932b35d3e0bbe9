/* rollouts: DIAGNOSTICS: what concerns an image is its record and a line of the log. An error means
 * that a directory is unusable or memory is short. */
#include "glance/rollouts.h"

#include "glance/rollout.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/placed.h"
#include "store/registration.h"
#include "store/traits.h"

#include <string.h>

struct work {
	struct glance *g;
	struct rollouts *p;
	bool (*is_stopped)(void *arg);
};

static bool is_asked_for(const struct image *img)
{
	return !img->broken && img->on_warm == IMAGE_ON_WARM_REBUILD &&
	       img->releases == IMAGE_RELEASES_REGISTERED;
}

static void owe(struct rollout *r, const char *ids)
{
	char id[UUID_LEN + 1];

	for (size_t i = 0; rollout_id(ids, i, id); i++)
		rollout_add(r->owed, id);
}

/* The record of this publication, or a new one. A server that an earlier rollout left in the middle
 * is owed one that ends well. */
static int load(const struct work *w, const struct outgoing *o, struct slot *slot,
		struct rollout *r, struct err *e)
{
	int known = rollout_load(w->g->conf->glance_dir, o->image, r, e);
	struct rollout was = *r;
	bool is_retried = known > 0 && w->p->is_retried && rollout_state(r) == ROLLOUT_FAILED;

	if (known < 0)
		return -1;
	if (known > 0 && rollout_answers(r, o->release, o->job, o->attempt) && !is_retried)
		return 0;
	slot->due_ms = slot->began_ms = 0;
	if (is_retried && rollout_answers(r, o->release, o->job, o->attempt)) {
		owe(r, r->busy);
		*r->asked = *r->state = '\0';
		return 0;
	}
	*r = (struct rollout){.job = o->job, .attempt = o->attempt};
	memcpy(r->image, o->image, sizeof(r->image));
	memcpy(r->release, o->release, sizeof(r->release));
	if (known > 0) {
		memcpy(r->owed, was.owed, sizeof(r->owed));
		owe(r, was.busy);
	}
	return 0;
}

/* Returns 1 if servers may boot the release, 0 with the reason in *r if not yet, -1 on error. */
static int is_ready(const struct work *w, const struct image *img, const struct outgoing *o,
		    struct rollout *r, struct err *e)
{
	const struct conf *c = w->g->conf;
	const char *lacks = NULL;
	enum warm_state state;
	struct registration made;
	struct traits traits = {.state = TRAITS_SET};
	struct warm placed;
	int known = registration_load(c->glance_dir, o->release, &made, e);

	if (known < 0 ||
	    placed_look(c->store_dir, c->cache_dir, o->image, o->digest, &placed, &state, e) < 0 ||
	    (img->require_warm == IMAGE_REQUIRE_YES && traits_load(c->glance_dir, &traits, e) < 0))
		return -1;
	if (state != WARM_OK)
		lacks = "its release is not in Nova's cache yet";
	else if (known == 0 || !registration_answers(&made, o) ||
		 registration_state(&made) != REGISTRATION_REGISTERED)
		lacks = "its release is not registered in Glance yet";
	else if (strcmp(traits.state, TRAITS_SET) != 0) /* Nova would find no host */
		lacks = "Placement does not have its trait (require_warm)";
	else
		return 1;
	snprintf(r->state, sizeof(r->state), "%s", rollout_state_name(ROLLOUT_WAITING));
	snprintf(r->reason, sizeof(r->reason), "%s", lacks);
	return 0;
}

static void tell(const struct rollout *r)
{
	char quoted[2 * sizeof(r->reason) + 3];
	enum rollout_state state = rollout_state(r);

	log_line(state == ROLLOUT_FAILED || state == ROLLOUT_REFUSED ? LOG_LEVEL_WARN
								     : LOG_LEVEL_INFO,
		 "event=rollout-%s image=%s release=%s job=%lld servers=%lld moved=%lld left=%lld "
		 "reason=%s",
		 r->state, r->image, r->release, (long long)r->job, (long long)r->total,
		 (long long)r->moved, (long long)r->left,
		 log_quote(quoted, sizeof(quoted), r->reason));
}

static int64_t delay_ms(const struct work *w, const struct rollout *r, bool is_soon)
{
	switch (rollout_state(r)) {
	case ROLLOUT_DONE:
	case ROLLOUT_FAILED: return -1;
	case ROLLOUT_REFUSED:
		return schedule_delay_ms(REGISTRATION_REFUSED, is_soon, r->tries, 0);
	default:
		return schedule_delay_ms(REGISTRATION_WAITING, is_soon, r->tries,
					 w->g->retry_after_s);
	}
}

static bool is_same(const struct rollout *a, const struct rollout *b)
{
	return strcmp(a->state, b->state) == 0 && strcmp(a->reason, b->reason) == 0 &&
	       strcmp(a->busy, b->busy) == 0 && strcmp(a->asked, b->asked) == 0 &&
	       strcmp(a->owed, b->owed) == 0 && a->next_ms == b->next_ms;
}

/* Plans the next look and writes the record if it has changed. */
static int record(struct work *w, struct rollout *r, const struct rollout *was, struct slot *slot,
		  bool is_soon, struct err *e)
{
	bool is_changed = strcmp(r->state, was->state) != 0;
	int64_t ms;

	r->tries = rollout_state(r) == ROLLOUT_WAITING && !is_soon ? r->tries + 1 : 0;
	ms = delay_ms(w, r, is_soon);
	slot->due_ms = ms < 0 ? INT64_MAX : clock_mono_ms() + ms;
	r->next_ms = ms < 0 || is_soon ? 0 : clock_wall_ms() + ms;
	if (is_changed)
		r->since_ms = clock_wall_ms();
	if (is_changed || strcmp(r->reason, was->reason) != 0)
		tell(r);
	failpoint("rollout-before-record");
	return is_same(r, was) ? 0 : rollout_save(w->g->conf->glance_dir, r, e);
}

static void plan(struct work *w, const struct slot *slot)
{
	w->p->unsettled++;
	if (slot->due_ms < w->p->next_ms)
		w->p->next_ms = slot->due_ms;
}

/* The release becomes ready by other parts of the pass or by hornerod, which wake us. */
static int wait_until_ready(struct work *w, struct rollout *r, const struct rollout *was,
			    struct err *e)
{
	w->p->unsettled++;
	r->next_ms = r->tries = 0;
	if (strcmp(r->state, was->state) == 0 && strcmp(r->reason, was->reason) == 0)
		return 0;
	r->since_ms = clock_wall_ms();
	tell(r);
	return rollout_save(w->g->conf->glance_dir, r, e);
}

static int attend(struct work *w, const struct image *img, const struct outgoing *o,
		  struct err *e)
{
	struct slot *slot = schedule_of(&w->p->schedule, o->image);
	struct rollout r, was;
	enum rollout_state state;
	bool is_soon;
	int ready;

	if (!slot)
		return err_set(e, ERR_NOBODY, "out of memory for a rollout");
	memset(&r, 0, sizeof(r));
	if (load(w, o, slot, &r, e) < 0)
		return -1;
	was = r;
	state = rollout_state(&r);
	w->p->unsettled += state == ROLLOUT_FAILED;
	if (state == ROLLOUT_DONE || state == ROLLOUT_FAILED)
		return 0;
	ready = is_ready(w, img, o, &r, e);
	if (ready <= 0)
		return ready < 0 ? -1 : wait_until_ready(w, &r, &was, e);
	if (slot->due_ms > clock_mono_ms()) {
		plan(w, slot);
		return 0;
	}
	is_soon = rollout_settle(w->g, o, slot, &r);
	if (w->is_stopped(NULL))
		return 0;
	if (record(w, &r, &was, slot, is_soon, e) < 0)
		return -1;
	state = rollout_state(&r);
	if (state != ROLLOUT_DONE)
		plan(w, slot);
	return 0;
}

static const struct outgoing *current_of(const char *uuid, const struct outgoing *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].image, uuid) == 0)
			return &list[i];
	return NULL;
}

/* If on_warm is set again later, the release of that time is rolled out. */
static void forget(const struct work *w, const char *uuid)
{
	own_free char *path = fs_path("%s/%s.rollout", w->g->conf->glance_dir, uuid);

	if (FAILSTEP("rollout-unlink", unlink(path)) == 0)
		log_info("event=rollout-removed image=%s", uuid);
}

int rollouts_pass(struct glance *g, struct rollouts *p, const struct image *images, size_t count,
		  const struct outgoing *list, size_t n, bool (*is_stopped)(void *arg),
		  struct err *e)
{
	struct work w = {.g = g, .p = p, .is_stopped = is_stopped};
	int rc = 0;

	p->unsettled = 0;
	p->next_ms = INT64_MAX;
	for (size_t i = 0; i < count && rc == 0 && !is_stopped(NULL); i++) {
		const struct outgoing *o = current_of(images[i].uuid, list, n);

		if (is_asked_for(&images[i]) && o)
			rc = attend(&w, &images[i], o, e);
		else if (!images[i].broken && images[i].on_warm != IMAGE_ON_WARM_REBUILD)
			forget(&w, images[i].uuid);
	}
	p->is_retried = false;
	return rc;
}

void rollouts_retry(struct rollouts *p)
{
	p->is_retried = true;
	schedule_all(&p->schedule);
}
