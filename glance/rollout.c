/* rollout: DIAGNOSTICS: an error is a state of the rollout and its reason. */
#include "glance/rollout.h"

#include "conf/expect.h"
#include "glance/serverapi.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/store.h"

#include <stdarg.h>
#include <string.h>

/* Batches of one look whose servers were all deleted meanwhile. */
enum { ROUNDS_MOST = 3 };

struct scene {
	struct glance *g;
	const struct outgoing *o;
	struct slot *slot;
	struct rollout *r;
	struct manifest m;
	char last[240]; /* what the server lacks that was looked at last */
	bool is_soon;
};

enum look {
	LOOK_HEALTHY,
	LOOK_GONE,  /* the server was deleted */
	LOOK_WAITS, /* s->last says for what */
	LOOK_ENDED, /* the rollout ends here, with its state and reason in *s->r */
};

static void end(struct scene *s, enum rollout_state state, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void end(struct scene *s, enum rollout_state state, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->r->reason, sizeof(s->r->reason), fmt, ap);
	va_end(ap);
	snprintf(s->r->state, sizeof(s->r->state), "%s", rollout_state_name(state));
}

static void end_by(struct scene *s, enum said said, const struct err *e)
{
	end(s, said == SAID_WAIT || said == SAID_CONFLICT ? ROLLOUT_WAITING : ROLLOUT_REFUSED,
	    "%.400s", e->msg);
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool has_release(const struct scene *s, const struct server *v)
{
	return is(v->image, s->o->release);
}

static enum look wait_for(struct scene *s, const char *what)
{
	snprintf(s->last, sizeof(s->last), "%.*s", (int)sizeof(s->last) - 1, what);
	return LOOK_WAITS;
}

static enum look wait_on(struct scene *s, const struct server *v)
{
	snprintf(s->last, sizeof(s->last), "its status is %s", v->status);
	return LOOK_WAITS;
}

static enum look ask(struct scene *s, const char *id)
{
	struct err e = ERR_INIT;
	enum said said;

	failpoint("rollout-before-rebuild");
	said = serverapi_rebuild(s->g, id, s->o->release, &e);
	failpoint("rollout-asked");
	switch (said) {
	case SAID_YES:
		log_info("event=server-rebuilt image=%s server=%s release=%s", s->o->image, id,
			 s->o->release);
		rollout_add(s->r->asked, id);
		s->slot->began_ms = clock_mono_ms();
		return wait_for(s, "Nova has accepted the rebuild");
	case SAID_MISSING: return LOOK_GONE;
	case SAID_CONFLICT: return wait_for(s, e.msg);
	case SAID_WAIT: end_by(s, said, &e); return LOOK_ENDED;
	default:
		end(s, ROLLOUT_FAILED, "server %s: Nova refuses its rebuild: %.300s", id, e.msg);
		return LOOK_ENDED;
	}
}

/* Nova started the guest with the release's bytes; does it do what the boot before the publication
 * did? */
static enum look look_at_console(struct scene *s, const char *id)
{
	own_free char *text = NULL;
	enum look look = LOOK_WAITS;
	struct err e = ERR_INIT;
	regex_t expect;

	if (!*s->m.expect)
		return LOOK_HEALTHY;
	if (serverapi_console(s->g, id, &text, &e) != SAID_YES)
		return wait_for(s, e.msg);
	if (expect_compile(&expect, s->m.expect, &e) < 0)
		return wait_for(s, e.msg);
	for (char *line = text, *next; line && look == LOOK_WAITS; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (regexec(&expect, line, 0, NULL, 0) == 0)
			look = LOOK_HEALTHY;
	}
	regfree(&expect);
	return look == LOOK_HEALTHY ? look : wait_for(s, "no line of its console matches expect");
}

static enum look fail(struct scene *s, const struct server *v, const char *why)
{
	end(s, ROLLOUT_FAILED, "server %s is %s %s; `openstack server show %s` says why", v->id,
	    v->status, why, v->id);
	return LOOK_ENDED;
}

/* Mends a server once that an earlier rebuild has broken: starts it, or rebuilds it. */
static enum look mend(struct scene *s, const struct server *v)
{
	struct err e = ERR_INIT;

	rollout_drop(s->r->owed, v->id);
	if (is(v->status, "ERROR"))
		return ask(s, v->id);
	return wait_for(s, serverapi_start(s->g, v->id, &e) == SAID_YES ? "Nova starts it" : e.msg);
}

static enum look look_at(struct scene *s, const char *id)
{
	struct err e = ERR_INIT;
	struct server v = {.status = ""};
	enum said said = serverapi_show(s->g, id, &v, &e);

	if (said == SAID_MISSING || strstr(v.status, "DELETED"))
		return LOOK_GONE;
	if (said != SAID_YES) {
		end_by(s, said, &e);
		return LOOK_ENDED;
	}
	if (!has_release(s, &v) && !rollout_has(s->r->asked, id))
		return ask(s, id);
	if (rollout_has(s->r->owed, id) && (is(v.status, "SHUTOFF") || is(v.status, "ERROR")))
		return mend(s, &v);
	if (is(v.status, "ERROR"))
		return fail(s, &v, "after its rebuild");
	if (!has_release(s, &v))
		return is(v.status, "ACTIVE") ? fail(s, &v, "with its old image: Nova accepted the "
							    "rebuild and gave it up")
					      : wait_on(s, &v);
	return is(v.status, "ACTIVE") ? look_at_console(s, id) : wait_on(s, &v);
}

/* Returns true once all servers that are busy are healthy. */
static bool is_batch_over(struct scene *s)
{
	char busy[ROLLOUT_IDS], id[UUID_LEN + 1], late[UUID_LEN + 1] = "";
	int64_t now_ms = clock_mono_ms(); /* each is looked at once more after its time */

	memcpy(busy, s->r->busy, sizeof(busy));
	for (size_t i = 0; rollout_id(busy, i, id); i++) {
		enum look look = look_at(s, id);

		if (look == LOOK_ENDED)
			return false;
		if (look == LOOK_WAITS) {
			memcpy(late, id, sizeof(late));
			continue;
		}
		rollout_drop(s->r->busy, id);
		rollout_drop(s->r->asked, id);
		rollout_drop(s->r->owed, id);
	}
	if (!*late)
		return true;
	if (now_ms - s->slot->began_ms > s->g->conf->rebuild_wait_s * 1000) {
		end(s, ROLLOUT_FAILED, "server %s is not healthy after %lld s (rebuild_wait): %s",
		    late, (long long)s->g->conf->rebuild_wait_s, s->last);
		return false;
	}
	s->is_soon = true;
	end(s, ROLLOUT_RUNNING, "server %s: %s", late, s->last);
	return false;
}

/* Its owner stopped it, or must decide about it first; or its disk is a volume. */
static bool is_left(const struct scene *s, const struct server *v)
{
	static const char *const statuses[] = {"PAUSED", "SUSPENDED", "SHELVED", "RESCUE",
					       "SHELVED_OFFLOADED", "VERIFY_RESIZE", "DELETED",
					       "SOFT_DELETED"};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (is(v->status, statuses[i]))
			return true;
	return !*v->image || (is(v->status, "SHUTOFF") && !rollout_has(s->r->owed, v->id));
}

static void choose(struct scene *s, const struct servers *all)
{
	struct rollout *r = s->r;
	int64_t chosen = 0;

	r->total = (int64_t)all->n;
	r->moved = r->left = 0;
	*r->busy = *r->asked = '\0';
	for (size_t i = 0; i < all->n; i++) {
		const struct server *v = &all->list[i];

		if (has_release(s, v) && is(v->status, "ERROR"))
			rollout_add(r->owed, v->id);
		if (has_release(s, v) && !rollout_has(r->owed, v->id)) {
			r->moved++;
		} else if (is_left(s, v)) {
			r->left++;
		} else if (chosen < s->g->conf->rebuild_parallel) {
			rollout_add(r->busy, v->id);
			chosen++;
		}
	}
}

static void finish(struct scene *s, const struct servers *all)
{
	const char *host = s->g->conf->nova_host ? s->g->conf->nova_host : s->g->node;

	if (all->n > 0)
		end(s, ROLLOUT_DONE, "%s", "");
	else
		end(s, ROLLOUT_DONE,
		    "no server of the project on the host %s has " ROLLOUT_KEY "=%s (%zu on other "
		    "hosts)", host, s->o->image, all->elsewhere);
}

/* Chooses the next servers, saves the choice, and asks for their rebuild. Returns true if any is
 * busy now. */
static bool begin_batch(struct scene *s)
{
	own_free struct servers *all = malloc(sizeof(*all));
	struct err e = ERR_INIT;
	enum said said = all ? serverapi_list(s->g, ROLLOUT_KEY, s->o->image, all, &e) : SAID_WAIT;

	if (said != SAID_YES) {
		end_by(s, said, &e);
		return false;
	}
	choose(s, all);
	if (!*s->r->busy) {
		finish(s, all);
		return false;
	}
	s->slot->began_ms = clock_mono_ms();
	end(s, ROLLOUT_RUNNING, "%s", "servers are about to be rebuilt");
	if (rollout_save(s->g->conf->glance_dir, s->r, &e) < 0) {
		end(s, ROLLOUT_WAITING, "%.400s", e.msg);
		return false;
	}
	return true;
}

bool rollout_settle(struct glance *g, const struct outgoing *o, struct slot *slot,
		    struct rollout *r)
{
	struct scene s = {.g = g, .o = o, .slot = slot, .r = r};
	struct err e = ERR_INIT;

	if (store_manifest(g->conf->store_dir, o->digest, &s.m, &e) < 0) {
		end(&s, ROLLOUT_REFUSED, "%.400s", e.msg);
		return false;
	}
	if (slot->began_ms == 0)
		slot->began_ms = clock_mono_ms();
	if (*r->busy && !is_batch_over(&s))
		return s.is_soon;
	for (int i = 0; i < ROUNDS_MOST; i++)
		if (!begin_batch(&s) || !is_batch_over(&s))
			return s.is_soon;
	end(&s, ROLLOUT_WAITING, "%s", "Nova lists servers and does not find them");
	return false;
}
