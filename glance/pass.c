/* pass: DIAGNOSTICS: what concerns a release is its state and a line of the log. An error means
 * that a directory is unusable or memory is short. */
#include "glance/pass.h"

#include "glance/offers.h"
#include "glance/registrar.h"
#include "glance/stablerecord.h"
#include "lib/clock.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <string.h>
#include <unistd.h>

enum { OFFERS_MS = 60 * 60 * 1000 };

/* The record of a release, or a new one if there is none for this publication of it. */
static int load(struct pass *p, const struct outgoing *o, struct registration *r, struct err *e)
{
	int known = registration_load(p->g->conf->glance_dir, o->release, r, e);
	char method[sizeof(r->method)] = "";

	if (known < 0)
		return -1;
	if (known > 0 && registration_answers(r, o))
		return 0;
	if (known > 0)
		memcpy(method, r->method, sizeof(method));
	*r = (struct registration){.job = o->job, .attempt = o->attempt};
	memcpy(r->method, method, sizeof(r->method));
	memcpy(r->release, o->release, sizeof(r->release));
	memcpy(r->image, o->image, sizeof(r->image));
	memcpy(r->digest, o->digest, sizeof(r->digest));
	return 0;
}

static void tell(const struct registration *r)
{
	char quoted[2 * sizeof(r->reason) + 3];
	enum registration_state state = registration_state(r);
	enum log_level level = state == REGISTRATION_HELD || state == REGISTRATION_REFUSED
				       ? LOG_LEVEL_WARN
				       : LOG_LEVEL_INFO;

	log_line(level, "event=release-%s release=%s image=%s job=%lld method=%s reason=%s",
		 r->state, r->release, r->image, (long long)r->job, *r->method ? r->method : "-",
		 log_quote(quoted, sizeof(quoted), r->reason));
}

static bool is_final(enum registration_state state)
{
	return state == REGISTRATION_REGISTERED || state == REGISTRATION_RETIRED ||
	       state == REGISTRATION_MADE;
}

/* Counts the try, plans the next one and writes the record. */
static int record(struct pass *p, struct registration *r, const struct registration *was,
		  struct slot *slot, bool is_soon, struct err *e)
{
	bool is_changed = strcmp(r->state, was->state) != 0;
	int64_t delay_ms;

	if (is_changed)
		r->since_ms = clock_wall_ms();
	if (is_final(registration_state(r)))
		r->tries = 0;
	else if (!is_soon)
		r->tries++;
	slot->looks = is_soon ? slot->looks + 1 : 0;
	delay_ms = schedule_delay_ms(registration_state(r), is_soon, r->tries,
				     p->g->retry_after_s);
	slot->due_ms = delay_ms < 0 ? INT64_MAX : clock_mono_ms() + delay_ms;
	r->next_ms = delay_ms < 0 ? 0 : clock_wall_ms() + delay_ms;
	if (is_changed || strcmp(r->reason, was->reason) != 0)
		tell(r);
	failpoint("glance-before-record");
	return registration_save(p->g->conf->glance_dir, r, e);
}

static void plan(struct pass *p, const struct slot *slot, enum registration_state state)
{
	p->unsettled += !is_final(state);
	if (slot->due_ms < p->next_ms)
		p->next_ms = slot->due_ms;
}

static enum image_require_warm require_of(const struct pass *p, const char *uuid)
{
	for (size_t i = 0; i < p->n_images; i++)
		if (strcmp(p->images[i].uuid, uuid) == 0)
			return p->images[i].broken ? IMAGE_REQUIRE_LEAVE
						   : p->images[i].require_warm;
	return IMAGE_REQUIRE_LEAVE;
}

/* *is_replaced: the current release of its image is registered, so that older ones may end. */
static int settle(struct pass *p, const struct outgoing *o, bool is_current, bool *is_replaced,
		  struct err *e)
{
	enum image_require_warm require = require_of(p, o->image);
	struct slot *slot = schedule_of(&p->schedule, o->release);
	struct registration r, was;
	enum registration_state state;
	bool is_soon;

	if (!slot)
		return err_set(e, ERR_NOBODY, "out of memory for a release");
	if (load(p, o, &r, e) < 0)
		return -1;
	was = r;
	state = registration_state(&r);
	*is_replaced = *is_replaced && !is_current;
	if (state == REGISTRATION_RETIRED || (!is_current && !*is_replaced))
		return 0;
	/* An older release becomes due when another one takes its place. A new publication is due
	 * at once. */
	if ((is_current || state != REGISTRATION_REGISTERED) && state != REGISTRATION_NONE &&
	    slot->due_ms > clock_mono_ms() &&
	    !(is_current &&
	      (slot->wish != (int)require ||
	       watching_is_confirmed(p->watching, p->g->conf->store_dir, o->digest)))) {
		plan(p, slot, state);
		*is_replaced = is_current ? state == REGISTRATION_REGISTERED : *is_replaced;
		return 0;
	}
	slot->wish = (int)require;
	is_soon = registrar_settle(p->g, o, is_current, require, slot->looks, &r);
	if (p->is_stopped(NULL))
		return 0;
	if (record(p, &r, &was, slot, is_soon, e) < 0)
		return -1;
	state = registration_state(&r);
	plan(p, slot, state);
	if (is_current)
		*is_replaced = state == REGISTRATION_REGISTERED;
	return 0;
}

/* The registration of a stable id, or a new one if there is none for this file of the outbox. */
static int load_stable(struct pass *p, const struct stable *s, struct registration *r,
		       struct err *e)
{
	int known = registration_load(p->g->conf->glance_dir, s->image, r, e);

	if (known < 0)
		return -1;
	if (known == 0)
		*r = (struct registration){.job = 0};
	if (known > 0 && r->job == s->serial)
		return 0;
	/* The record in Glance, and the way it was made, stay true. */
	r->job = s->serial;
	r->tries = 0;
	*r->state = *r->passed = *r->reason = '\0';
	memcpy(r->release, s->image, sizeof(r->release));
	memcpy(r->image, s->image, sizeof(r->image));
	return 0;
}

static int settle_stable(struct pass *p, const struct stable *s, struct err *e)
{
	enum image_require_warm require = require_of(p, s->image);
	struct slot *slot = schedule_of(&p->schedule, s->image);
	struct registration r, was;
	enum registration_state state;
	bool is_soon;

	if (!slot)
		return err_set(e, ERR_NOBODY, "out of memory for a stable id");
	if (load_stable(p, s, &r, e) < 0)
		return -1;
	was = r;
	state = registration_state(&r);
	if (state != REGISTRATION_NONE && slot->wish == (int)require &&
	    slot->due_ms > clock_mono_ms()) {
		plan(p, slot, state);
		return 0;
	}
	slot->wish = (int)require;
	is_soon = stablerecord_settle(p->g, s, require, slot->looks, &r);
	if (p->is_stopped(NULL))
		return 0;
	if (record(p, &r, &was, slot, is_soon, e) < 0)
		return -1;
	plan(p, slot, registration_state(&r));
	return 0;
}

static int settle_stables(struct pass *p, struct err *e)
{
	own_free struct stable *list = NULL;
	size_t n;

	if (stable_load(p->g->conf->store_dir, &list, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && !p->is_stopped(NULL); i++)
		if (settle_stable(p, &list[i], e) < 0)
			return -1;
	return 0;
}

static bool is_asked_for(const char *store_dir, const char *id)
{
	own_free char *release = fs_path("%s/outbox/%s.json", store_dir, id);
	own_free char *stable = fs_path("%s/outbox/%s.stable", store_dir, id);

	return access(release, F_OK) == 0 || access(stable, F_OK) == 0;
}

static bool has_image(const struct pass *p, const char *uuid)
{
	for (size_t i = 0; i < p->n_images; i++)
		if (strcmp(p->images[i].uuid, uuid) == 0)
			return true;
	return false;
}

/* Registrations whose file of the outbox is gone: hornero-collect removed it, or the image is gone.
 * Nobody reads them any more, nor the rollout of an image that is gone. */
static void tidy(const struct pass *p)
{
	const struct conf *c = p->g->conf;
	own_dir DIR *d = opendir(c->glance_dir);
	struct dirent *entry;
	char id[UUID_LEN + 1];

	while (d && (entry = readdir(d))) {
		snprintf(id, sizeof(id), "%.*s", UUID_LEN, entry->d_name);
		if (uuid_valid(id) && strcmp(entry->d_name + UUID_LEN, ".json") == 0 &&
		    !is_asked_for(c->store_dir, id) &&
		    FAILSTEP("registration-unlink", unlinkat(dirfd(d), entry->d_name, 0)) == 0)
			log_info("event=registration-removed release=%s", id);
		if (uuid_valid(id) && strcmp(entry->d_name + UUID_LEN, ".rollout") == 0 &&
		    !has_image(p, id) &&
		    FAILSTEP("rollout-record-unlink", unlinkat(dirfd(d), entry->d_name, 0)) == 0)
			log_info("event=rollout-removed image=%s", id);
	}
}

static int follow(struct pass *p, const struct outgoing *list, size_t n, struct err *e)
{
	if (nodetraits_pass(p->g, &p->traits, p->images, p->n_images, p->is_stopped, e) < 0 ||
	    rollouts_pass(p->g, &p->rollouts, p->images, p->n_images, list, n, p->is_stopped,
			  e) < 0)
		return -1;
	p->unsettled += p->rollouts.unsettled + p->traits.is_unsettled;
	if (p->rollouts.next_ms < p->next_ms)
		p->next_ms = p->rollouts.next_ms;
	if (p->traits.is_unsettled && p->traits.due_ms < p->next_ms)
		p->next_ms = p->traits.due_ms;
	return 0;
}

static int run(struct pass *p, struct err *e)
{
	own_free struct outgoing *list = NULL;
	bool is_replaced = false;
	size_t n;

	p->unsettled = 0;
	p->next_ms = INT64_MAX;
	if (outbox_load(p->g->conf->store_dir, &list, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && !p->is_stopped(NULL); i++) {
		bool is_current = i == 0 || strcmp(list[i].image, list[i - 1].image) != 0;

		if (settle(p, &list[i], is_current, &is_replaced, e) < 0)
			return -1;
	}
	watching_forget_confirmed(p->watching);
	if (settle_stables(p, e) < 0 || follow(p, list, n, e) < 0)
		return -1;
	tidy(p);
	if (p->offers_ms <= clock_mono_ms() && !p->is_stopped(NULL)) {
		offers_look(p->g);
		p->offers_ms = clock_mono_ms() + OFFERS_MS;
	}
	return 0;
}

int pass_run(struct pass *p, struct err *e)
{
	struct image *images = NULL;
	size_t count = 0;
	int rc = images_load(p->g->conf->images_dir, &images, &count, e);

	p->images = images;
	p->n_images = count;
	if (rc == 0)
		rc = run(p, e);
	p->images = NULL;
	p->n_images = 0;
	images_free(images, count);
	return rc;
}
