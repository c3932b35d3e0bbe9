/* stablerecord: DIAGNOSTICS: an error is a state of the stable id and its reason. */
#include "glance/stablerecord.h"

#include "glance/task.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/nova.h"

#include <stdarg.h>

static bool is_fail_closed(const struct task *t)
{
	return is_word(t->s->policy, conf_glance_stables[GLANCE_FAIL_CLOSED]);
}

static bool refuse(struct task *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct task *t, const char *fmt, ...)
{
	char reason[sizeof(t->r->reason)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return task_end(t, REGISTRATION_REFUSED, reason);
}

static bool create(struct task *t)
{
	struct err e = ERR_INIT;
	enum said said;

	if (is_word(t->s->record, "adopt"))
		return refuse(t,
			      "Glance shows the credential's project no image with this id; "
			      "`hornero image add %s %s --glance NAME` makes one",
			      t->s->image, t->s->repo);
	failpoint("glance-before-create");
	said = imageapi_create_stable(t->g, t->s, &e);
	failpoint("glance-created");
	return task_created(t, said, &e);
}

/* Brings what may change to the current artifact; before the first bytes also what Glance shows of
 * them. */
static bool describe(struct task *t, bool has_bytes)
{
	struct err e = ERR_INIT;
	enum said said;

	failpoint("glance-before-describe");
	said = imageapi_describe(t->g, t->s, *t->s->digest ? &t->m : NULL, has_bytes, &e);
	failpoint("glance-described");
	return task_go_on(t, said, &e);
}

static bool is_described(const struct task *t, const struct shown *s, bool has_bytes)
{
	char release[UUID_LEN + 1] = "";
	struct err ignored = ERR_INIT;

	if (!*t->s->digest)
		return is_word(s->image, t->s->image);
	(void)nova_release(t->s->image, t->s->digest, release, &ignored);
	return is_word(s->image, t->s->image) && is_word(s->release, release) &&
	       s->min_disk == nova_root_gib(t->m.size_bytes) &&
	       (has_bytes || (is_word(s->sha256, t->s->digest) &&
			      is_word(s->stable, t->s->policy)));
}

/* Whether the operator's own record may become ours. Each refusal names the field, its value, and
 * how to mend it. */
static bool may_adopt(struct task *t, const struct shown *s)
{
	const char *id = t->s->image;
	const char *raw = "`openstack image set --disk-format raw --container-format bare`";

	if (!is_word(s->status, "queued") && !is_word(s->status, "active"))
		return refuse(t,
			      "status is %s: only queued and active images are adopted; `openstack "
			      "image set --activate %s` activates a deactivated one",
			      s->status, id);
	if (!is_word(s->disk_format, "raw"))
		return refuse(t,
			      "disk_format is %s: hornero's files are raw; %s changes it while the "
			      "image is queued, else make a new one with --glance NAME",
			      *s->disk_format ? s->disk_format : "not set", raw);
	if (!is_word(s->container_format, "bare"))
		return refuse(t,
			      "container_format is %s: bare is needed; %s changes it while the "
			      "image is queued, else make a new one with --glance NAME",
			      *s->container_format ? s->container_format : "not set", raw);
	if (!is_word(s->status, "active"))
		return true;
	if (is_fail_closed(t))
		return refuse(t,
			      "status is active: Glance keeps its %lld bytes for ever, and a node "
			      "without the image would boot them; adopt a queued image, or "
			      "accept that with --follow (glance_stable: follow)",
			      (long long)s->size_bytes);
	if (s->size_bytes <= 0)
		return refuse(t, "size is 0: Glance has no bytes of it; adopt a queued image, or "
				 "make a new one with --glance NAME");
	if (*t->s->digest && s->size_bytes > nova_root_gib(t->m.size_bytes) << 30)
		return refuse(t,
			      "size is %lld: Nova asks for a flavor with room for it, and the "
			      "artifact has %lld bytes; make a new one with --glance NAME",
			      (long long)s->size_bytes, (long long)t->m.size_bytes);
	return true;
}

static bool take_foreign(struct task *t, const struct shown *s)
{
	if (!is_word(t->s->record, "adopt"))
		return refuse(t,
			      "Glance has an image with this id already, which hornero has not "
			      "made (name \"%s\"); `hornero image add %s %s --adopt` takes it over",
			      s->name, t->s->image, t->s->repo);
	return may_adopt(t, s) && describe(t, is_word(s->status, "active"));
}

static bool take_active(struct task *t, const struct shown *s)
{
	struct err e = ERR_INIT;
	bool is_first = is_word(s->sha256, t->s->digest);

	snprintf(t->r->digest, sizeof(t->r->digest), "%s", s->sha256);
	if (is_fail_closed(t) && !is_word(s->stable, t->s->policy))
		return refuse(t,
			      "its record got its bytes with glance_stable: follow, and Glance "
			      "keeps them: a node without the image boots them; fail-closed is for "
			      "new records");
	if (is_first && t->is_new && !task_is_right(t, s, &e))
		return refuse(t, "%s", e.msg);
	if (!is_described(t, s, true))
		return describe(t, true);
	if (is_first)
		return task_end(t, REGISTRATION_REGISTERED, "");
	return task_end(t, REGISTRATION_REGISTERED,
			is_word(s->stable, "follow")
				? "Glance keeps its first bytes: a node without the image boots "
				  "those; the current release has the right ones"
				: "Glance keeps the digest of its first bytes: a node without the "
				  "image gets an error; the current release boots there");
}

static bool take_shown(struct task *t, const struct shown *s)
{
	const char *ours = t->g->session.project;

	if (*ours && *s->owner && !is_word(s->owner, ours) && !is_word(s->owner, t->s->project))
		return refuse(t,
			      "owner is %s, another project than that of hornero-glance (%s); use "
			      "credentials of that project, or an image of your own",
			      s->owner, ours);
	if (!is_word(s->image, t->s->image))
		return take_foreign(t, s);
	if (s->is_importing || is_word(s->status, "saving") || is_word(s->status, "importing") ||
	    is_word(s->status, "uploading"))
		return task_end_soon(t, "Glance is taking its bytes");
	if (is_word(s->status, "deactivated"))
		return refuse(t,
			      "status is deactivated, not by hornero; `openstack image set "
			      "--activate %s`",
			      t->s->image);
	if (!is_word(s->status, "queued") && !is_word(s->status, "active"))
		return refuse(t, "status is %s: only an operator of Glance can change that",
			      s->status);
	if (!task_is_required(t, s))
		return task_require(t);
	if (!*t->s->digest)
		return is_word(s->status, "active")
			       ? task_end(t, REGISTRATION_REGISTERED, "")
			       : task_end(t, REGISTRATION_MADE, "");
	if (is_word(s->status, "active"))
		return take_active(t, s);
	snprintf(t->r->digest, sizeof(t->r->digest), "%s", t->s->digest);
	return is_described(t, s, false) ? task_give(t, s) : describe(t, false);
}

static bool step(struct task *t)
{
	struct err e = ERR_INIT;
	struct shown s;
	enum said said = imageapi_show(t->g, t->s->image, &s, &e);

	if (said == SAID_YES)
		return take_shown(t, &s);
	return said == SAID_MISSING ? create(t) : task_end_by(t, said, &e);
}

bool stablerecord_settle(struct glance *g, const struct stable *s, enum image_require_warm require,
			 int looks, struct registration *r)
{
	struct outgoing o = {.job = 0};
	struct task t = {.g = g, .o = &o, .s = s, .r = r, .is_current = true,
			 .require = require, .looks = looks};
	own_free char *path = NULL;
	struct err e = ERR_INIT;

	memcpy(o.release, s->image, sizeof(o.release));
	memcpy(o.image, s->image, sizeof(o.image));
	memcpy(o.digest, s->digest, sizeof(o.digest));
	t.is_by_location = is_fail_closed(&t);
	t.path = path = t.is_by_location ? fs_path("stable/%s/%s", s->image, s->digest)
					 : fs_path("sha256/%s", s->digest);
	t.is_new = registration_state(r) != REGISTRATION_REGISTERED;
	if (*s->digest && store_manifest(g->conf->store_dir, s->digest, &t.m, &e) < 0) {
		task_end(&t, REGISTRATION_REFUSED, e.msg);
		return false;
	}
	task_run(&t, step);
	return t.is_soon;
}
