/* nodetraits: DIAGNOSTICS: what fails is a state (store/traits.h) and a line of the log. An error
 * means that a directory is unusable or memory is short. */
#include "glance/nodetraits.h"

#include "glance/placementapi.h"
#include "glance/schedule.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/placed.h"
#include "store/traits.h"

#include <string.h>

enum { CHANGES_MOST = 5 /* of the provider by others, in one look */ };

/* No boot of it may go to Glance: neither by its own UUID nor by its release. */
static int is_warm(const struct conf *c, const struct image *img, struct err *e)
{
	enum warm_state own, release = WARM_OK;
	struct warm w;

	if (img->broken)
		return 0;
	if (warm_look(c->store_dir, c->cache_dir, img->uuid, &w, &own, e) < 0 ||
	    (image_wants_release(img) && placed_look_newest(c->store_dir, c->cache_dir, img->uuid,
							    &w, &release, e) < 0))
		return -1;
	return own == WARM_OK && release == WARM_OK;
}

/* The caller decrefs it; NULL with e filled on error. */
static json_t *wanted_traits(const struct conf *c, const struct image *list, size_t n,
			     struct err *e)
{
	json_t *wanted = json_array();
	char trait[TRAIT_LEN + 1];
	int warm = 0;

	for (size_t i = 0; c->placement_traits && i < n && warm >= 0; i++) {
		warm = is_warm(c, &list[i], e);
		trait_of(list[i].uuid, trait);
		if (warm > 0)
			json_array_append_new(wanted, json_string(trait));
	}
	if (warm >= 0 && wanted)
		return wanted;
	json_decref(wanted);
	if (warm >= 0)
		err_set(e, ERR_NOBODY, "out of memory for traits");
	return NULL;
}

static bool is_ours(const json_t *trait)
{
	const char *text = json_string_value(trait);

	return text && strncmp(text, TRAIT_PREFIX, strlen(TRAIT_PREFIX)) == 0;
}

static bool has(const json_t *traits, const json_t *trait)
{
	const json_t *each;
	size_t i;

	json_array_foreach(traits, i, each)
		if (json_equal(each, trait))
			return true;
	return false;
}

/* The traits of others and those that are wanted. Returns false if the provider has them. */
static bool merge(const json_t *present, const json_t *wanted, json_t *out)
{
	bool is_changed = false;
	json_t *each;
	size_t i;

	json_array_foreach(present, i, each) {
		if (!is_ours(each))
			json_array_append(out, each);
		else if (!has(wanted, each))
			is_changed = true;
	}
	json_array_foreach(wanted, i, each) {
		json_array_append(out, each);
		is_changed = is_changed || !has(present, each);
	}
	return is_changed;
}

static enum said make_missing(struct glance *g, const json_t *present, const json_t *wanted,
			      struct err *e)
{
	const json_t *each;
	size_t i;

	json_array_foreach(wanted, i, each) {
		enum said said = has(present, each) ? SAID_YES
						    : placementapi_make(g, json_string_value(each),
									e);

		if (said != SAID_YES)
			return said;
	}
	return SAID_YES;
}

static enum said bring(struct glance *g, const char *id, const json_t *wanted, struct err *e)
{
	json_auto_t *present = NULL, *merged = json_array();
	int64_t generation;
	enum said said = placementapi_traits(g, id, &present, &generation, e);

	if (said != SAID_YES || !merge(present, wanted, merged))
		return said;
	said = make_missing(g, present, wanted, e);
	if (said != SAID_YES)
		return said;
	failpoint("traits-before-set");
	return placementapi_set(g, id, merged, generation, e);
}

static enum said bring_provider(struct glance *g, const char *name, const json_t *wanted,
				struct err *e)
{
	char id[UUID_LEN + 1];
	enum said said = placementapi_find(g, name, id, e);

	for (int i = 0; i < CHANGES_MOST && (said == SAID_YES || said == SAID_CONFLICT); i++) {
		said = bring(g, id, wanted, e);
		if (said == SAID_YES)
			break;
	}
	return said;
}

static const char *provider_of(const struct glance *g)
{
	const struct conf *c = g->conf;

	return c->placement_provider ? c->placement_provider : c->nova_host ? c->nova_host
									    : g->node;
}

static int record(struct glance *g, struct nodetraits *p, enum said said, const struct err *why,
		  struct err *e)
{
	bool may_wait = said == SAID_WAIT || said == SAID_CONFLICT;
	enum registration_state as = said == SAID_YES ? REGISTRATION_REGISTERED
				     : may_wait       ? REGISTRATION_WAITING
						      : REGISTRATION_REFUSED;
	struct traits was = {.state = ""}, t = {.count = 0};
	char quoted[2 * sizeof(t.reason) + 3];
	int64_t ms;

	if (traits_load(g->conf->glance_dir, &was, e) < 0)
		return -1;
	p->is_unsettled = said != SAID_YES;
	p->tries = said == SAID_YES ? 0 : p->tries + 1;
	ms = schedule_delay_ms(as, false, p->tries, g->retry_after_s);
	p->due_ms = clock_mono_ms() + ms;
	if (said == SAID_YES && !g->conf->placement_traits)
		return traits_remove(g->conf->glance_dir, e);
	snprintf(t.provider, sizeof(t.provider), "%s", provider_of(g));
	snprintf(t.state, sizeof(t.state), "%s",
		 said == SAID_YES ? TRAITS_SET : may_wait ? TRAITS_WAITING : TRAITS_REFUSED);
	snprintf(t.reason, sizeof(t.reason), "%.400s", said == SAID_YES ? "" : why->msg);
	t.count = said == SAID_YES ? (int64_t)json_array_size(p->wanted) : 0;
	t.next_ms = clock_wall_ms() + ms;
	t.since_ms = strcmp(t.state, was.state) == 0 ? was.since_ms : clock_wall_ms();
	if (strcmp(t.state, was.state) != 0 || strcmp(t.reason, was.reason) != 0 ||
	    t.count != was.count)
		log_line(said == SAID_YES || may_wait ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
			 "event=traits-%s provider=%s traits=%lld reason=%s", t.state, t.provider,
			 (long long)t.count, log_quote(quoted, sizeof(quoted), t.reason));
	return traits_save(g->conf->glance_dir, &t, e);
}

int nodetraits_pass(struct glance *g, struct nodetraits *p, const struct image *list, size_t n,
		    bool (*is_stopped)(void *arg), struct err *e)
{
	struct err why = ERR_INIT;
	struct traits was;
	json_t *wanted;
	enum said said;
	int known;

	p->is_unsettled = false;
	known = traits_load(g->conf->glance_dir, &was, e);
	if (known < 0 || (known == 0 && !g->conf->placement_traits))
		return known;
	wanted = wanted_traits(g->conf, list, n, e);
	if (!wanted)
		return -1;
	if (p->wanted && json_equal(p->wanted, wanted) && p->due_ms > clock_mono_ms()) {
		json_decref(wanted);
		p->is_unsettled = known > 0 && strcmp(was.state, TRAITS_SET) != 0;
		return 0;
	}
	json_decref(p->wanted);
	p->wanted = wanted;
	said = bring_provider(g, provider_of(g), wanted, &why);
	return is_stopped(NULL) ? 0 : record(g, p, said, &why, e);
}

void nodetraits_fini(struct nodetraits *p)
{
	json_decref(p->wanted);
	p->wanted = NULL;
}
