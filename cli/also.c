/* also: DIAGNOSTICS: a record that cannot be read is a sentence. */
#include "cli/also.h"

#include "cli/audittold.h"
#include "cli/blocked.h"
#include "cli/expected.h"
#include "cli/mirroring.h"
#include "cli/notification.h"
#include "cli/registration.h"
#include "cli/rollout.h"
#include "cli/sharing.h"
#include "lib/own.h"
#include "state/pause.h"
#include "state/stuck.h"
#include "store/answer.h"
#include "store/nova.h"
#include "store/traits.h"

#include <stdarg.h>
#include <string.h>

struct also {
	const struct look *l;
	also_tell *tell;
	void *arg;
};

static void tell(const struct also *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void tell(const struct also *a, const char *fmt, ...)
{
	char text[WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (*text)
		a->tell(a->arg, text);
}

/* No job is queued, yet a pause would block the next one: say so. */
static void tell_pause(const struct also *a)
{
	const struct conf *c = a->l->cli->conf;
	own_paused struct paused paused;
	struct standstill s;

	paused_load(&paused, c);
	if (!a->l->f.standstill.kind && paused_image(&paused, a->l->uuid) &&
	    paused_why(&paused, c, a->l->uuid, false, &s))
		tell(a, "Pushes to it are not built: %s.", s.text);
}

/* A dead push may have left a lock, which blocks the next one. */
static void tell_blocked(const struct also *a)
{
	char words[BLOCKED_MAX];

	if (a->l->f.repo_there && cli_blocked(a->l->cli, &a->l->img, words))
		tell(a, "%s.", words);
}

static void tell_mirror(const struct also *a)
{
	char words[MIRRORING_TEXT];

	mirroring_text(a->l->cli, a->l->img.repo, words);
	tell(a, "%s", words);
}

/* Says what Glance knows of the release in the cache. */
static void tell_registration(const struct also *a)
{
	const struct facts *f = &a->l->f;
	char release[UUID_LEN + 1], words[REGISTRATION_TEXT];
	struct err why = ERR_INIT;
	struct registered g;

	if (f->release_state == WARM_NONE)
		return;
	if (nova_release(f->uuid, f->release.made.digest, release, &why) < 0 ||
	    registered_look(a->l->cli->conf, f->img, release, &g, &why) < 0) {
		tell(a, "%s.", why.msg);
		return;
	}
	registered_words(a->l->cli, release, &g, words);
	tell(a, "%s", words);
}

static void tell_stable(const struct also *a)
{
	char words[REGISTRATION_TEXT];

	registered_stable_words(a->l->cli, a->l->uuid, words);
	tell(a, "%s", words);
}

static void tell_notification(const struct also *a)
{
	char words[NOTIFICATION_TEXT];
	struct err why = ERR_INIT;

	if (notification_words(a->l->cli, &a->l->img, words, &why) < 0)
		tell(a, "%s.", why.msg);
	else
		tell(a, "%s", words);
}

static void tell_rollout(const struct also *a)
{
	char words[ROLLOUT_TEXT];
	struct err why = ERR_INIT;
	struct rolled g;

	if (rolled_look(a->l->cli->conf, &a->l->img, &g, &why) < 0) {
		tell(a, "%s.", why.msg);
		return;
	}
	rolled_words(a->l->cli, &g, words);
	tell(a, "%s", words);
}

/* Says whether Nova's scheduler sees the image on this node. */
static void tell_trait(const struct also *a)
{
	const struct conf *c = a->l->cli->conf;
	char trait[TRAIT_LEN + 1];
	struct err why = ERR_INIT;
	struct traits t;
	int known;

	if (!c->placement_traits || a->l->f.warm_state != WARM_OK)
		return;
	known = traits_load(c->glance_dir, &t, &why);
	trait_of(a->l->uuid, trait);
	if (known < 0)
		tell(a, "%s.", why.msg);
	else if (known == 0)
		tell(a,
		     "Placement does not have its trait %s yet: hornero-glance has not tried; "
		     "`systemctl status hornero-glance` says whether it runs.",
		     trait);
	else if (strcmp(t.state, TRAITS_SET) == 0)
		tell(a, "Nova's scheduler finds it on this node by the trait %s.", trait);
	else
		tell(a, "Placement does not have its trait %s (%s): %s.", trait, t.state, t.reason);
}

/* Says what becomes of an artifact that was built incrementally. */
static void tell_unconfirmed(const struct also *a, const struct job *confirm)
{
	long long id = confirm ? (long long)confirm->id : 0;

	if (confirm && confirm->state == JOB_FAILED)
		tell(a,
		     "Its artifact was built incrementally, and a clean build of the same content "
		     "failed (job %lld: %s): what is warm stays; `hornero log %lld` shows why, a "
		     "push mends it.",
		     id, confirm->reason, id);
	else if (confirm && confirm->state == JOB_CANCELLED)
		tell(a,
		     "Its artifact was built incrementally, and no clean build confirms it: job "
		     "%lld was cancelled; `hornero retry %lld` queues one again.",
		     id, id);
	else if (confirm && !job_state_ended(confirm->state))
		tell(a,
		     "Its artifact was built incrementally; job %lld builds it again from nothing "
		     "when the node has nothing else to do.",
		     id);
	else
		tell(a, "Its artifact was built incrementally, and no clean build has confirmed "
			"it.");
}

/* Says whether a clean build confirmed the warm artifact, and what happens next. */
static void tell_confirmation(const struct also *a, struct db *db)
{
	const struct facts *f = &a->l->f;
	own_job struct job j = {0};
	struct err ignored = ERR_INIT;
	struct answer built;
	bool is_newer;

	if (f->warm_state != WARM_OK || *f->warm->made.pinned)
		return;
	answer_describe(a->l->cli->conf->store_dir, f->uuid, f->warm->made.key,
			f->warm->made.digest, &built);
	if (strcmp(built.built, ANSWER_CONFIRMED) == 0)
		tell(a, "Its artifact was built incrementally, and a clean build gave the same "
			"bytes: it is confirmed.");
	is_newer = job_newest_confirm(db, f->uuid, &j, &ignored) == 1 && j.id > f->warm->made.job;
	/* The answer of the clean build has replaced the one that named the warm artifact. */
	if (is_newer && j.state == JOB_BUILT)
		tell(a,
		     "Its artifact was built incrementally, and a clean build (job %lld) gave "
		     "other bytes, which are not published yet%s%s.",
		     (long long)j.id, *j.waiting_for ? ": " : "", j.waiting_for);
	if (strcmp(built.built, ANSWER_INCREMENTAL) == 0)
		tell_unconfirmed(a, is_newer ? &j : NULL);
}

static void tell_sharing(const struct also *a)
{
	char words[SHARING_TEXT];

	if (a->l->f.warm_state != WARM_OK)
		return;
	sharing_words(a->l->cli->conf, a->l->uuid, a->l->f.warm, words);
	tell(a, "%s", words);
}

void also_expected(const struct look *l, also_tell *tell_one, void *arg)
{
	const struct also a = {.l = l, .tell = tell_one, .arg = arg};
	const struct facts *f = &l->f;
	char words[2 * EXPECTED_WORDS];
	struct expected x;

	if (!f->job || !f->agent_runs)
		return;
	expected_of(l->cli, f->job, !f->standstill.kind, &x);
	tell(&a, "%s", expected_sentence(&x, f->now_ms, words));
}

void also_of_image(const struct look *l, struct db *db, also_tell *tell_one, void *arg)
{
	const struct also a = {.l = l, .tell = tell_one, .arg = arg};

	tell_blocked(&a);
	tell_mirror(&a);
	tell_registration(&a);
	tell_stable(&a);
	tell_notification(&a);
	tell_rollout(&a);
	tell_trait(&a);
	if (db)
		tell_confirmation(&a, db);
	tell_sharing(&a);
	tell_pause(&a);
}

static void tell_meanwhile(void *also, const char *sentence)
{
	tell(also, "Meanwhile %s.", sentence);
}

void also_stuck(const struct conf *c, const char *uuid, also_tell *tell_one, void *arg)
{
	struct also a = {.tell = tell_one, .arg = arg};
	char holder[STUCK_LINE];

	stuck_each(c->run_dir, uuid, tell_meanwhile, &a);
	if (stuck_holder(c->queue_dir, holder))
		tell_meanwhile(&a, holder);
}

void also_audit(const struct cli *cli, also_tell *tell_one, void *arg)
{
	struct also a = {.tell = tell_one, .arg = arg};
	struct err ignored = ERR_INIT;
	struct audittold told;

	if (cli_may_node(cli, &ignored) < 0)
		return;
	audittold_look(cli, &told);
	if (*told.text)
		tell(&a, "%s The way out: `%s`.", told.text, told.mend);
}

void also_of_unbound(const struct cli *cli, const char *uuid, also_tell *tell_one, void *arg)
{
	struct also a = {.tell = tell_one, .arg = arg};
	char words[REGISTRATION_TEXT];

	registered_stable_words(cli, uuid, words);
	tell(&a, "%s", words);
}
