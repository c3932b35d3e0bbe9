/* why: collects the facts for reason.c. DIAGNOSTICS: missing things are facts, not errors. */
#include "cli/why.h"

#include "cli/blocked.h"
#include "cli/expected.h"
#include "cli/mirroring.h"
#include "cli/notification.h"
#include "cli/registration.h"
#include "cli/rollout.h"
#include "cli/sharing.h"
#include "cli/top.h"
#include "cli/words.h"
#include "state/pause.h"
#include "state/skip.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "state/stuck.h"
#include "store/answer.h"
#include "store/nova.h"
#include "store/traits.h"

#include <string.h>

static int count_running(void *arg, const struct job *j)
{
	struct facts *f = arg;

	/* Confirmations give way to other jobs. */
	if (job_is_confirm(j->origin) && !job_is_confirm(f->job->origin))
		return 0;
	f->running++;
	if (strcmp(j->image, f->job->image) == 0)
		f->same_running = j->id;
	return 0;
}

static int queue_facts(const struct cli *cli, struct db *db, struct facts *f, struct job *j,
		       struct err *e)
{
	if (job_each(db, JOB_SCOPE_RUNNING, count_running, f, e) < 0 ||
	    job_foresee(db, cli->conf->workers, j, e) < 0)
		return -1;
	f->ahead = j->position ? j->position - 1 : 0;
	return limited_look(cli, db, j, f->limited, e);
}

static int job_facts(const struct cli *cli, struct db *db, struct facts *f, struct job *j,
		     struct err *e)
{
	own_paused struct paused paused;

	f->job = j;
	paused_load(&paused, cli->conf);
	f->is_image_paused = paused_image(&paused, f->job->image);
	cli_standstill(cli, &paused, f->job, &f->standstill);
	if (f->job->state == JOB_RUNNING && !f->standstill.kind) {
		starved_look(cli->conf, f->job, 1, &f->percent);
		f->is_starved = f->percent >= 0;
	}
	return j->state == JOB_QUEUED ? queue_facts(cli, db, f, j, e) : 0;
}

/* Says which position an open job has, and when it begins and ends. */
static void say_expected(const struct cli *cli, const struct facts *f)
{
	char words[2 * EXPECTED_WORDS];
	struct expected x;

	if (!f->job || !f->agent_runs)
		return;
	expected_of(cli, f->job, !f->standstill.kind, &x);
	if (*expected_sentence(&x, f->now_ms, words))
		cli_say(stdout, "%s", words);
}

static int say(struct facts *f, void (*sentence)(const struct facts *f, char *buf))
{
	char buf[WHY_MAX];

	sentence(f, buf);
	cli_say(stdout, "%s", buf);
	return 0;
}

/* No job is queued, yet a pause would block the next one: say so. */
static void say_paused(const struct cli *cli, const struct facts *f)
{
	own_paused struct paused paused;
	struct standstill s;

	paused_load(&paused, cli->conf);
	if (!f->standstill.kind && paused_image(&paused, f->uuid) &&
	    paused_why(&paused, cli->conf, f->uuid, false, &s))
		cli_say(stdout, "Pushes to it are not built: %s.", s.text);
}

/* A dead push may have left a lock, which blocks the next one. */
static void say_blocked(const struct cli *cli, const struct facts *f)
{
	char words[BLOCKED_MAX];

	if (f->repo_there && !f->img->broken && cli_blocked(cli, f->img, words))
		cli_say(stdout, "%s.", words);
}

/* Says what Glance knows of the release in the cache. */
static void say_registration(const struct cli *cli, const struct facts *f)
{
	char release[UUID_LEN + 1], words[REGISTRATION_TEXT];
	struct err why = ERR_INIT;
	struct registered g;

	if (f->release_state == WARM_NONE)
		return;
	if (nova_release(f->uuid, f->release.made.digest, release, &why) < 0 ||
	    registered_look(cli->conf, f->img, release, &g, &why) < 0) {
		cli_say(stdout, "%s.", why.msg);
		return;
	}
	registered_words(cli, release, &g, words);
	if (*words)
		cli_say(stdout, "%s", words);
}

static void say_stable(const struct cli *cli, const char *uuid)
{
	char words[REGISTRATION_TEXT];

	registered_stable_words(cli, uuid, words);
	if (*words)
		cli_say(stdout, "%s", words);
}

/* `image add --glance` has asked for its record, and Glance has not answered. */
static bool is_pending(const struct cli *cli, const char *uuid)
{
	own_free char *file = fs_path("%s/%s.pending", cli->conf->images_dir, uuid);

	return !cli->key && access(file, F_OK) == 0;
}

static int say_pending(const struct cli *cli, const char *uuid)
{
	cli_say(stdout, "Image %s is not bound yet: that happens once Glance has its record.",
		uuid);
	say_stable(cli, uuid);
	return 0;
}

static void say_rollout(const struct cli *cli, const struct facts *f)
{
	char words[ROLLOUT_TEXT];
	struct err why = ERR_INIT;
	struct rolled g;

	if (rolled_look(cli->conf, f->img, &g, &why) < 0) {
		cli_say(stdout, "%s.", why.msg);
		return;
	}
	rolled_words(cli, &g, words);
	if (*words)
		cli_say(stdout, "%s", words);
}

/* Says whether Nova's scheduler sees the image on this node. */
static void say_trait(const struct cli *cli, const struct facts *f)
{
	const struct conf *c = cli->conf;
	char trait[TRAIT_LEN + 1];
	struct err why = ERR_INIT;
	struct traits t;
	int known;

	if (!c->placement_traits || f->warm_state != WARM_OK)
		return;
	known = traits_load(c->glance_dir, &t, &why);
	trait_of(f->uuid, trait);
	if (known < 0)
		cli_say(stdout, "%s.", why.msg);
	else if (known == 0)
		cli_say(stdout, "Placement does not have its trait %s yet: hornero-glance has not "
				"tried; `systemctl status hornero-glance` says whether it runs.",
			trait);
	else if (strcmp(t.state, TRAITS_SET) == 0)
		cli_say(stdout, "Nova's scheduler finds it on this node by the trait %s.", trait);
	else
		cli_say(stdout, "Placement does not have its trait %s (%s): %s.", trait, t.state,
			t.reason);
}

static void say_notification(const struct cli *cli, const struct facts *f)
{
	char words[NOTIFICATION_TEXT];
	struct err why = ERR_INIT;

	if (notification_words(cli, f->img, words, &why) < 0)
		cli_say(stdout, "%s.", why.msg);
	else if (*words)
		cli_say(stdout, "%s", words);
}

/* Says whether a clean build confirmed the warm artifact, and what happens next. */
static void say_confirmation(struct cli *cli, const struct facts *f, struct db *db)
{
	own_job struct job j = {0};
	struct err ignored = ERR_INIT;
	struct answer a;
	bool is_newer;

	if (f->warm_state != WARM_OK || *f->warm->made.pinned)
		return;
	answer_describe(cli->conf->store_dir, f->uuid, f->warm->made.key, f->warm->made.digest, &a);
	if (strcmp(a.built, ANSWER_CONFIRMED) == 0)
		cli_say(stdout, "Its artifact was built incrementally, and a clean build gave the "
				"same bytes: it is confirmed.");
	is_newer = job_newest_confirm(db, f->uuid, &j, &ignored) == 1 && j.id > f->warm->made.job;
	/* The answer of the clean build has replaced the one that named the warm artifact. */
	if (is_newer && j.state == JOB_BUILT)
		cli_say(stdout,
			"Its artifact was built incrementally, and a clean build (job %lld) gave "
			"other bytes, which are not published yet%s%s.",
			(long long)j.id, *j.waiting_for ? ": " : "", j.waiting_for);
	if (strcmp(a.built, ANSWER_INCREMENTAL) != 0)
		return;
	if (is_newer && j.state == JOB_FAILED)
		cli_say(stdout,
			"Its artifact was built incrementally, and a clean build of the same "
			"content failed (job %lld: %s): what is warm stays; `hornero log %lld` "
			"shows why, a push mends it.",
			(long long)j.id, j.reason, (long long)j.id);
	else if (is_newer && j.state == JOB_CANCELLED)
		cli_say(stdout,
			"Its artifact was built incrementally, and no clean build confirms it: job "
			"%lld was cancelled; `hornero retry %lld` queues one again.",
			(long long)j.id, (long long)j.id);
	else if (is_newer && !job_state_ended(j.state))
		cli_say(stdout,
			"Its artifact was built incrementally; job %lld builds it again from "
			"nothing when the node has nothing else to do.",
			(long long)j.id);
	else
		cli_say(stdout, "Its artifact was built incrementally, and no clean build has "
				"confirmed it.");
}

static int explain_job(struct cli *cli, struct facts *f, int64_t id, char uuid[UUID_LEN + 1],
		       struct err *e)
{
	own_db struct db *db = NULL;
	own_job struct job j = {0};

	if (cli_db(cli, DB_READ, &db, e) < 0 || cli_job_get(cli, db, id, &j, e) <= 0)
		return -1;
	snprintf(uuid, UUID_LEN + 1, "%s", j.image);
	if (job_facts(cli, db, f, &j, e) < 0)
		return -1;
	say(f, why_job);
	say_expected(cli, f);
	return 0;
}

static int explain_image(struct cli *cli, struct facts *f, struct err *e)
{
	const struct conf *c = cli->conf;
	own_db struct db *db = NULL;
	own_job struct job j = {0};
	own_image struct image img = {0};
	own_free char *repo = NULL, *shown = NULL;
	char commit[CLI_COMMIT_MAX + 1] = "";
	struct warm warm = {0};

	if (cli_image(cli, f->uuid, &img, e) < 0) {
		if (e->sys == ENOENT && is_pending(cli, f->uuid))
			return say_pending(cli, f->uuid);
		if (e->sys == ENOENT)
			return say(f, why_image);
		f->img = &img;
		img.broken = true;
		img.problem = *e;
		return say(f, why_image);
	}
	f->img = &img;
	repo = cli_repo_path(c, img.repo);
	f->repo_path = shown = cli_repo_shown(cli, img.repo);
	f->repo_there = access(repo, F_OK) == 0;
	f->commit = commit;
	f->warm = &warm;
	if (cli_ref_commit(c, &img, commit, e) < 0 ||
	    warm_look(c->store_dir, c->cache_dir, f->uuid, &warm, &f->warm_state, e) < 0)
		return -1;
	f->pinned = image_pin_at(&img, commit);
	if (f->warm_state != WARM_NONE) {
		if (kept_load(&cli->clock, c->store_dir, f->uuid, &f->kept, e) < 0)
			return -1;
		kept_learn(&cli->clock, &f->kept, &warm, 0);
		warm.published_ms = steady_present_ms(&cli->clock, warm.published_ms);
	}
	f->skipped = skip_stands(c->skip_dir, &img, commit);
	if (image_wants_release(&img) && placed_look_newest(c->store_dir, c->cache_dir, f->uuid,
							    &f->release, &f->release_state, e) < 0)
		return -1;
	f->age_s = c->cache_minimum_age_s;
	f->grace_s = c->cache_grace_s;
	f->cache_dir = c->cache_dir;
	if (cli_db(cli, DB_READ, &db, e) < 0) {
		if (e->class != ERR_NOBODY || e->sys == EUCLEAN)
			return -1;
		f->queue_missing = true;
		return say(f, why_image);
	}
	switch (job_newest(db, f->uuid, &j, e)) {
	case 0:
		break;
	case 1:
		if (job_facts(cli, db, f, &j, e) == 0)
			break;
		return -1;
	default:
		return -1;
	}
	say(f, why_image);
	say_expected(cli, f);
	say_blocked(cli, f);
	mirroring_say(cli, img.repo);
	say_registration(cli, f);
	say_stable(cli, f->uuid);
	say_notification(cli, f);
	say_rollout(cli, f);
	say_trait(cli, f);
	say_confirmation(cli, f, db);
	if (f->warm_state == WARM_OK)
		sharing_say(cli, f->uuid, f->warm);
	return 0;
}

static void say_stuck(void *arg, const char *sentence)
{
	(void)arg;
	cli_say(stdout, "Meanwhile %s.", sentence);
}

int why_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	char uuid[UUID_LEN + 1];
	struct facts f = {.now_ms = cli->now_ms, .clock = &cli->clock, .uuid = uuid};
	char holder[STUCK_LINE];
	int64_t id = 0;
	int is_image;

	if (!c)
		return -1;
	is_image = cli_job_or_image(call->args[0], &id, uuid, e);
	if (is_image < 0)
		return -1;
	f.workers = c->workers;
	f.partly = cli->key != NULL;
	f.agent_runs = cli_agent_runs(c) == 1;
	f.queue_dir = c->queue_dir;
	if (!is_image && explain_job(cli, &f, id, uuid, e) < 0)
		return -1;
	if (is_image && explain_image(cli, &f, e) < 0)
		return -1;
	if (is_image && f.img)
		say_paused(cli, &f);
	stuck_each(c->run_dir, uuid, say_stuck, NULL);
	if (stuck_holder(c->queue_dir, holder))
		say_stuck(NULL, holder);
	return 0;
}
