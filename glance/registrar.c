/* registrar: DIAGNOSTICS: an error is a state of the release and its reason. */
#include "glance/registrar.h"

#include "glance/task.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/answer.h"

#include <string.h>

static bool create(struct task *t)
{
	struct err e = ERR_INIT;
	enum said said;

	failpoint("glance-before-create");
	said = imageapi_create(t->g, t->o, &t->m, &e);
	failpoint("glance-created");
	return task_created(t, said, &e);
}

static bool act(struct task *t, const char *action)
{
	struct err e = ERR_INIT;
	enum said said;

	failpoint("glance-before-action");
	said = imageapi_act(t->g, t->o->release, action, &e);
	failpoint("glance-acted");
	return task_go_on(t, said, &e);
}

/* The current release gets the tag before the older one loses it, so that a tool that boots by the
 * tag always finds one. */
static bool tag(struct task *t)
{
	struct err e = ERR_INIT;
	enum said said;

	failpoint("glance-before-tag");
	said = imageapi_tag(t->g, t->o->release, t->o->image, true, &e);
	failpoint("glance-tagged");
	return task_go_on(t, said, &e);
}

static bool untag(struct task *t)
{
	struct err e = ERR_INIT;
	enum said said;

	failpoint("glance-before-untag");
	said = imageapi_tag(t->g, t->o->release, t->o->image, false, &e);
	failpoint("glance-untagged");
	return task_go_on(t, said, &e);
}

/* A clean build may have confirmed the bytes since the record was made. The release is registered
 * without that, too. */
static bool note_clean(struct task *t)
{
	struct err e = ERR_INIT;
	enum said said = imageapi_note_clean(t->g, t->o->release, &e);

	if (said == SAID_YES || said == SAID_CONFLICT)
		return true;
	log_warn("event=clean-unwritten release=%s %s", t->o->release, e.msg);
	return task_end(t, REGISTRATION_REGISTERED, "");
}

/* Wrong bytes must not boot. The reason stays whether Glance deactivates it or not. */
static bool reject(struct task *t, const struct err *why)
{
	struct err ignored = ERR_INIT;

	(void)imageapi_act(t->g, t->o->release, "deactivate", &ignored);
	return task_end(t, REGISTRATION_REFUSED, why->msg);
}

static bool take_active(struct task *t, const struct shown *s)
{
	struct err e = ERR_INIT;

	if (!t->is_current)
		return act(t, "deactivate");
	if (t->is_new && !task_is_right(t, s, &e))
		return e.sys == ENOENT || e.sys == ESTALE ? task_end(t, REGISTRATION_REFUSED, e.msg)
							  : reject(t, &e);
	if (!s->is_tagged)
		return tag(t);
	if (!s->is_clean && answer_is_clean(t->g->conf->store_dir, t->m.made.key, t->o->digest))
		return note_clean(t);
	return task_end(t, REGISTRATION_REGISTERED, "");
}

/* Anybody may write our properties; only the owner may be ours. */
static bool is_ours(const struct task *t, const struct shown *s)
{
	const char *ours = t->g->session.project;

	return is_word(s->sha256, t->o->digest) && is_word(s->image, t->o->image) &&
	       (!*ours || !*s->owner || is_word(s->owner, ours) ||
		is_word(s->owner, t->o->project));
}

static bool take_shown(struct task *t, const struct shown *s)
{
	own_free char *other = fs_path("its record in Glance is %s: only an operator of Glance can "
				       "change that",
				       s->status);

	if (!is_ours(t, s))
		return task_end(t, REGISTRATION_REFUSED,
			   "the record with its id in Glance is not hornero's: its owner, "
			   "hornero_image or hornero_sha256 differs; hornero leaves it alone");
	if (!t->is_current && s->is_tagged)
		return untag(t);
	/* Before it has bytes and the tag: nobody boots it without the requirement. */
	if (t->is_current && !task_is_required(t, s))
		return task_require(t);
	if (is_word(s->status, "active"))
		return take_active(t, s);
	if (is_word(s->status, "deactivated"))
		return t->is_current ? act(t, "reactivate") : task_end(t, REGISTRATION_RETIRED, "");
	if (is_word(s->status, "queued"))
		return t->is_current ? task_give(t, s) : task_end(t, REGISTRATION_RETIRED, "");
	if (is_word(s->status, "saving") || is_word(s->status, "importing") ||
	    is_word(s->status, "uploading"))
		return task_end_soon(t, "Glance is taking its bytes");
	return task_end(t, REGISTRATION_REFUSED, other);
}

/* Returns false once nothing is to do now. */
static bool step(struct task *t)
{
	struct err e = ERR_INIT;
	struct shown s;
	enum said said = imageapi_show(t->g, t->o->release, &s, &e);

	if (said == SAID_YES)
		return take_shown(t, &s);
	if (said != SAID_MISSING)
		return task_end_by(t, said, &e);
	return t->is_current ? create(t) : task_end(t, REGISTRATION_RETIRED, "");
}

bool registrar_settle(struct glance *g, const struct outgoing *o, bool is_current,
		      enum image_require_warm require, int looks, struct registration *r)
{
	own_free char *path = fs_path("sha256/%s", o->digest);
	struct task t = {.g = g,
			 .o = o,
			 .r = r,
			 .path = path,
			 .is_current = is_current,
			 .require = require,
			 .looks = looks};
	struct err e = ERR_INIT;

	t.is_new = registration_state(r) != REGISTRATION_REGISTERED;
	if (is_current && store_manifest(g->conf->store_dir, o->digest, &t.m, &e) < 0) {
		task_end(&t, REGISTRATION_REFUSED, e.msg);
		return false;
	}
	task_run(&t, step);
	return t.is_soon;
}
