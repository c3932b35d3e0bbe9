/* rollback: makes an earlier artifact of an image the current one. It writes a pin to the image
 * file, so that the sweep agrees. DIAGNOSTICS: ERR_USAGE if the release must be named; exit 1 if
 * the store no longer has it or it was changed; 75 with the reason if it is published later. */
#include "cli/releases.h"
#include "cli/steer.h"
#include "cli/wait.h"
#include "cli/words.h"
#include "lib/bell.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/warm.h"

#include <string.h>

/* The facts that every step needs. */
struct scene {
	struct cli *cli;
	const struct conf *c;
	const struct image *img;
	const char *commit; /* the ref's commit now, "" if it has none */
	int64_t deadline_ms;
};

static const char WAIT_S[] = "10";

/* Lists the releases to choose from on standard error. */
static int say_choices(const struct scene *s, struct err *e)
{
	own_releases struct releases all = {0};

	if (releases_load(s->cli, s->img, &all, e) < 0)
		return -1;
	cli_say(stderr,
		all.n > 0 ? "Releases of image %s in the store:"
			  : "The store has no release of image %s.",
		s->img->uuid);
	releases_print(s->cli, &all, stderr);
	return 0;
}

/* Finds the release that was warm before. Returns 1 if found, 0 with *code set after printing why
 * not, -1 on error. */
static int find_previous(const struct scene *s, struct release *out, int *code, struct err *e)
{
	own_releases struct releases all = {0};

	if (releases_load(s->cli, s->img, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (all.list[i].previous) {
			*out = all.list[i];
			return 1;
		}
	cli_say(stderr,
		"hornero: what image %s was warm with before is not known, or not in the store any "
		"more; name a RELEASE",
		s->img->uuid);
	*code = 1;
	return say_choices(s, e);
}

/* Chooses the release; returns as find_previous. A second rollback without RELEASE is refused: it
 * would bring back the release that the first one left. */
static int choose(const struct scene *s, const char *asked, struct release *out, int *code,
		  struct err *e)
{
	const char *pinned = image_pin_at(s->img, s->commit);
	char release[UUID_LEN + 1];
	int found;

	if (!asked && !pinned)
		return find_previous(s, out, code, e);
	*code = 64;
	if (!asked)
		cli_say(stderr,
			"hornero: image %s is rolled back already, to release %s; name the RELEASE "
			"to go to, or take that back with --undo",
			s->img->uuid, pinned);
	else if (!uuid_canonical(asked, release))
		cli_say(stderr, "hornero: \"%s\" is not a release; choose one of these",
			asked);
	else {
		found = releases_get(s->cli, s->img, release, out, e);
		if (found != 0)
			return found;
		cli_say(stderr, "hornero: the store has no release %s of image %s, or no longer",
			release, s->img->uuid);
		*code = 1;
	}
	return say_choices(s, e);
}

/* Queues the job for the changed image file and waits for it. */
static int queue(const struct scene *s, const char *origin, const char *note, struct err *e)
{
	own_db struct db *db = NULL;
	struct job_receipt receipt = {0};
	char who[CLI_WHO_MAX];

	failpoint("rollback-pinned");
	cli_who(s->cli, who);
	if (cli_db(s->cli, DB_CREATE, &db, e) < 0 ||
	    job_enqueue(db, &(struct job_wish){.image = s->img->uuid,
					       .repo = s->img->repo,
					       .ref = s->img->ref,
					       .commit = s->commit,
					       .origin = origin,
					       .pushed_by = who,
					       .note = note}, &receipt, e) < 0) {
		bell_ring(s->c->run_dir);
		return err_wrap(e, "the image file is written, its job is not queued (the next "
				   "sweep does that)");
	}
	bell_ring(s->c->run_dir);
	steer_say_receipt(&receipt);
	fflush(stdout);
	if (cli_agent_runs(s->c))
		return wait_for_job(s->cli, receipt.id, s->deadline_ms, e);
	fputs("hornero: hornerod does not run: nothing is published until it is started\n", stderr);
	return 75;
}

static bool is_there_already(const struct scene *s, const struct release *r, struct err *e)
{
	enum warm_state state = WARM_NONE;
	struct warm w;

	return warm_look(s->c->store_dir, s->c->cache_dir, s->img->uuid, &w, &state, e) == 0 &&
	       state == WARM_OK && strcmp(w.made.digest, r->digest) == 0 &&
	       warm_satisfies(&w, s->commit, image_pin_at(s->img, s->commit));
}

static int go_back(const struct scene *s, const char *asked, struct err *e)
{
	const struct image *img = s->img;
	own_free char *note = NULL;
	struct release r;
	char words[RELEASE_WORDS];
	int code = 0;
	int found = choose(s, asked, &r, &code, e);

	if (found != 1)
		return found < 0 ? -1 : code;
	if (*r.problem) {
		cli_say(stderr, "hornero: release %s is never published: %s", r.uuid, r.problem);
		return 1;
	}
	if (is_there_already(s, &r, e)) {
		cli_say(stdout, "image %s is at release %s already (%s)", img->uuid, r.uuid,
			release_words(s->cli, &r, words));
		return 0;
	}
	if (image_pin(s->c->images_dir, img->uuid, r.uuid, s->commit, e) < 0)
		return -1;
	cli_say(stdout,
		"image %s goes back to release %s (%s) and stays there until a push moves %s; "
		"`hornero rollback --undo %s` takes that back",
		img->uuid, r.uuid, release_words(s->cli, &r, words), img->ref, img->uuid);
	note = fs_path("rollback to release %s", r.uuid);
	return queue(s, "rollback", note, e);
}

static int take_back(const struct scene *s, struct err *e)
{
	const struct image *img = s->img;
	own_free char *note = NULL;

	if (!img->pinned) {
		cli_say(stdout, "image %s is not rolled back: it follows %s", img->uuid, img->ref);
		return 0;
	}
	if (image_pin(s->c->images_dir, img->uuid, NULL, NULL, e) < 0)
		return -1;
	cli_say(stdout, "image %s follows %s again", img->uuid, img->ref);
	note = fs_path("no longer pinned to release %s", img->pinned);
	return *s->commit ? queue(s, "undo", note, e) : 0;
}

int rollback_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *timeout = call_option(call, "timeout");
	const char *asked = call->nargs > 1 ? call->args[1] : NULL;
	bool undo = call_option(call, "undo") != NULL;
	own_image struct image img = {0};
	char uuid[UUID_LEN + 1], release[UUID_LEN + 1], commit[CLI_COMMIT_MAX + 1];
	struct scene s = {.cli = cli, .c = c, .img = &img, .commit = commit};

	if (!c || wait_deadline(timeout ? timeout : WAIT_S, &s.deadline_ms, e) < 0 ||
	    cli_uuid(call->args[0], uuid, e) < 0)
		return -1;
	if (asked && uuid_canonical(asked, release) && cli_uuid(asked, release, e) < 0)
		return -1; /* refuses capital letters */
	if (undo && asked)
		return err_set(e, ERR_USAGE, "--undo follows the ref again and takes no RELEASE");
	if (cli_image(cli, uuid, &img, e) < 0 || cli_ref_commit(c, &img, commit, e) < 0)
		return -1;
	if (undo)
		return take_back(&s, e);
	if (!*commit) {
		cli_say(stderr,
			"hornero: image %s: there is no %s in %s: it keeps its last artifact", uuid,
			img.ref, img.repo);
		return 1;
	}
	return go_back(&s, asked, e);
}
