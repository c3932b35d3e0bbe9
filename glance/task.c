/* task: DIAGNOSTICS: an error is a state of the release and its reason. */
#include "glance/task.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <string.h>

enum {
	STEPS_MOST = 12,
	LOOKS_MOST = 30, /* until a way that was accepted and brings nothing counts as refused */
};

bool task_end(struct task *t, enum registration_state state, const char *reason)
{
	snprintf(t->r->state, sizeof(t->r->state), "%s", registration_state_name(state));
	snprintf(t->r->reason, sizeof(t->r->reason), "%.*s", (int)sizeof(t->r->reason) - 1, reason);
	return false;
}

bool task_end_by(struct task *t, enum said said, const struct err *e)
{
	enum registration_state state = REGISTRATION_WAITING;

	if (said == SAID_HELD)
		state = REGISTRATION_HELD;
	else if (said == SAID_REFUSED || said == SAID_MISSING)
		state = REGISTRATION_REFUSED;
	return task_end(t, state, e->msg);
}

bool task_end_soon(struct task *t, const char *reason)
{
	t->is_soon = true;
	return task_end(t, REGISTRATION_WAITING, reason);
}

bool task_go_on(struct task *t, enum said said, const struct err *e)
{
	return said == SAID_YES || said == SAID_CONFLICT || task_end_by(t, said, e);
}

void task_note(const struct task *t)
{
	struct err e = ERR_INIT;

	if (registration_save(t->g->conf->glance_dir, t->r, &e) < 0)
		log_warn("event=registration-unwritten release=%s %s", t->r->release, e.msg);
}

/* Completes the manifest: older ones have no SHA-512. Returns a descriptor or -1. */
static int open_artifact(struct task *t, struct err *e)
{
	own_fd int fd = store_open(t->g->conf->store_dir, t->o->digest, &t->m, e);
	char sha256[SHA256_HEX + 1];

	if (fd < 0)
		return -1;
	if (!*t->m.sha512 && sha_fd(fd, sha256, t->m.sha512, e) < 0)
		return -1;
	return steal_fd(&fd);
}

bool task_created(struct task *t, enum said said, struct err *e)
{
	struct shown again;

	if (said == SAID_YES)
		return true;
	if (said != SAID_CONFLICT)
		return task_end_by(t, said, e);
	if (imageapi_show(t->g, t->o->release, &again, e) != SAID_MISSING)
		return true;
	return task_end(t, REGISTRATION_REFUSED,
			"Glance has had this id and does not show it: it was deleted (the id is "
			"free after `glance-manage db purge`), or another project has it");
}

bool task_is_required(const struct task *t, const struct shown *s)
{
	return t->require == IMAGE_REQUIRE_LEAVE ||
	       s->is_required == (t->require == IMAGE_REQUIRE_YES);
}

bool task_require(struct task *t)
{
	struct err e = ERR_INIT;
	enum said said;

	failpoint("glance-before-require");
	said = imageapi_require(t->g, t->o->release, t->o->image,
				t->require == IMAGE_REQUIRE_YES, &e);
	return task_go_on(t, said, &e);
}

static enum conf_glance_method first_method(const struct task *t)
{
	const struct conf *c = t->g->conf;
	enum conf_glance_method method = c->glance_artifact_url ? c->glance_method : GLANCE_UPLOAD;

	if (t->is_by_location)
		return GLANCE_LOCATION;
	for (enum conf_glance_method passed = GLANCE_LOCATION; passed < GLANCE_UPLOAD; passed++)
		if (is_word(t->r->passed, conf_glance_methods[passed]) && method <= passed)
			method = passed + 1;
	return method;
}

/* Glance does not want this way for the release; the next one follows. */
static bool pass(struct task *t, enum conf_glance_method method, const char *why)
{
	char quoted[2 * ERR_MSG_MAX];
	own_free char *only = NULL;

	if (t->is_by_location) {
		only = fs_path("glance_stable: fail-closed needs a location, which Glance refuses "
			       "(%s); `hornero image set %s glance_stable=follow` does without",
			       why, t->o->image);
		return task_end(t, REGISTRATION_REFUSED, only);
	}
	log_warn("event=glance-passed release=%s method=%s next=%s reason=%s", t->o->release,
		 conf_glance_methods[method], conf_glance_methods[method + 1],
		 log_quote(quoted, sizeof(quoted), why));
	snprintf(t->r->passed, sizeof(t->r->passed), "%s", conf_glance_methods[method]);
	*t->r->method = '\0';
	task_note(t);
	return true;
}

static enum said hand_over(struct task *t, enum conf_glance_method method, struct err *e)
{
	own_fd int fd = open_artifact(t, e);
	own_free char *url = imageapi_artifact_url(t->g->conf, t->path);

	if (fd < 0)
		return SAID_REFUSED;
	snprintf(t->r->method, sizeof(t->r->method), "%s", conf_glance_methods[method]);
	task_note(t);
	failpoint("glance-before-data");
	switch (method) {
	case GLANCE_LOCATION:
		return imageapi_add_location(t->g, t->o->release, url, t->m.sha512, e);
	case GLANCE_IMPORT: return imageapi_import(t->g, t->o->release, url, e);
	default: return imageapi_upload(t->g, t->o->release, fd, t->m.size_bytes, e);
	}
}

bool task_give(struct task *t, const struct shown *s)
{
	enum conf_glance_method method = first_method(t);
	bool was_tried = is_word(t->r->method, conf_glance_methods[method]);
	struct err e = ERR_INIT;
	enum said said;

	if (t->is_by_location && !t->g->conf->glance_artifact_url)
		return task_end(t, REGISTRATION_REFUSED,
				"glance_stable: fail-closed needs glance_artifact_url in "
				"hornero.yaml, the address of hornero-serve");
	if (s->is_importing)
		return task_end_soon(t, "Glance is about to import it");
	if (method == GLANCE_IMPORT && was_tried && s->has_import_failed)
		return pass(t, method, "Glance's import of the URL failed");
	if (method != GLANCE_UPLOAD && was_tried && t->looks >= LOOKS_MOST)
		return pass(t, method, "Glance accepted it and did nothing");
	if (method != GLANCE_UPLOAD && was_tried && t->looks > 0)
		return task_end_soon(t, "Glance accepted its URL");
	said = hand_over(t, method, &e);
	failpoint("glance-data-given");
	if (said == SAID_YES) {
		t->looks++; /* it may work on it after this answer */
		return true;
	}
	if (said == SAID_CONFLICT)
		return task_end_soon(t, e.msg);
	if ((said == SAID_REFUSED || said == SAID_MISSING) && method != GLANCE_UPLOAD)
		return pass(t, method, e.msg);
	return task_end_by(t, said, &e);
}

bool task_is_right(struct task *t, const struct shown *s, struct err *e)
{
	own_fd int fd = open_artifact(t, e);

	if (fd < 0)
		return false;
	if (s->size_bytes != t->m.size_bytes)
		err_set(e, ERR_OPERATOR, "Glance has %lld bytes under it, the artifact has %lld",
			(long long)s->size_bytes, (long long)t->m.size_bytes);
	else if (!is_word(s->hash_algo, "sha512") && !is_word(s->hash_algo, "sha256"))
		err_set(e, ERR_OPERATOR,
			"Glance's hashing_algorithm is %s; sha512, its default, or sha256 is "
			"needed",
			*s->hash_algo ? s->hash_algo : "not shown");
	else if (!is_word(s->hash,
			  is_word(s->hash_algo, "sha512") ? t->m.sha512 : t->o->digest))
		err_set(e, ERR_OPERATOR,
			"Glance has other bytes under it: its os_hash_value differs");
	else
		return true;
	return false;
}


void task_run(struct task *t, bool (*step)(struct task *t))
{
	for (int i = 0; step(t); i++)
		if (i == STEPS_MOST) {
			task_end_soon(t, "Glance's record of it changes again and again");
			return;
		}
}
