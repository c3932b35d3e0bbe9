/* rebuild: `hornero rebuild`: queues the newest commit of one image, of all, or of those whose
 * artifacts are old. DIAGNOSTICS: ERR_USAGE for options that do not fit; exit 1 if an image has
 * nothing to build. */
#include "cli/steer.h"

#include "cli/words.h"
#include "lib/bell.h"
#include "lib/own.h"
#include "state/skip.h"
#include "store/store.h"
#include "store/warm.h"

#include <string.h>

struct rebuild {
	struct cli *cli;
	const struct conf *c;
	struct db *db;
	const char *who;
	bool force, clean;
	int64_t older_s;  /* 0: however old */
	int64_t spread_s;
	int64_t delay_s;  /* of the next image */
	const int64_t *newest; /* its newest job when we looked; NULL: any */
};

/* Returns exit code 0 if queued, 1 after printing why there is nothing to build, -1 on error. */
static int rebuild_image(const struct rebuild *r, const struct image *img, struct err *e)
{
	char commit[CLI_COMMIT_MAX + 1];
	struct job_receipt receipt = {0};
	int found;

	if (img->broken) {
		cli_say(stderr, "hornero: image %s is skipped: %s", img->uuid,
			img->problem.msg);
		return 1;
	}
	found = cli_ref_commit(r->c, img, commit, e);
	if (found < 0)
		return -1;
	if (found == 0) {
		cli_say(stderr, "hornero: image %s: nothing has been pushed to %s of %s yet",
			img->uuid, img->ref, img->repo);
		return 1;
	}
	skip_clear(r->c->skip_dir, img->uuid);
	if (job_enqueue(r->db,
			&(struct job_wish){
				.image = img->uuid,
				.repo = img->repo,
				.ref = img->ref,
				.commit = commit,
				.origin = "rebuild",
				.pushed_by = r->who,
				.force = r->force || r->clean,
				.clean = r->clean,
				.newest = r->newest,
				.priority = r->older_s || r->spread_s ? -1 : 0,
				.not_before_ms = r->delay_s
							 ? db_now_ms(r->db) + r->delay_s * 1000 : 0,
			}, &receipt, e) < 0)
		return -1;
	if (receipt.overtaken) /* by a push, which builds as well */
		return 0;
	printf("image %s: ", img->uuid);
	steer_say_receipt(&receipt);
	if (image_pin_at(img, commit))
		cli_say(stdout,
			"image %s is pinned to release %s, which is published again; `hornero "
			"rollback --undo %s` lets it follow its ref",
			img->uuid, img->pinned, img->uuid);
	return 0;
}

/* Whether a run by a timer rebuilds an image. One whose job is open has its share of --spread, too:
 * so of two runs at once both mean the same time for each image. */
struct due {
	bool old;
	bool is;
	int64_t newest;
};

/* When these bytes were built last: a clean build may make the same ones again, and then the
 * manifest is still of the first. */
static int built_ms(const struct rebuild *r, const struct job *j, const char *uuid, int64_t *ms,
		    struct err *e)
{
	struct manifest m;
	struct warm w;
	struct err missing = ERR_INIT;
	int warm = warm_load(r->c->store_dir, uuid, &w, e);

	if (warm < 0)
		return -1;
	*ms = j->id && j->state == JOB_PUBLISHED && !j->reused ? j->built_ms : 0;
	if (warm == 0 || store_manifest(r->c->store_dir, w.made.digest, &m, &missing) < 0)
		return warm;
	m.built_ms = steady_present_of_wall_ms(&r->cli->clock, m.built_ms);
	*ms = m.built_ms > *ms ? m.built_ms : *ms;
	return 1;
}

static int look(const struct rebuild *r, const struct image *img, struct due *d, struct err *e)
{
	own_job struct job j = {.id = 0};
	int64_t ms = 0;
	int known;

	*d = (struct due){.old = img->broken || (r->older_s == 0 && r->spread_s == 0)};
	d->is = d->old;
	if (d->is)
		return 0;
	if (job_newest(r->db, img->uuid, &j, e) < 0)
		return -1;
	d->newest = j.id;
	if (img->pinned)
		return 0;
	known = built_ms(r, &j, img->uuid, &ms, e);
	d->old = r->older_s == 0 || (known > 0 && r->cli->now_ms - ms > r->older_s * 1000);
	d->is = d->old && (!j.id || job_state_ended(j.state));
	return known < 0 ? -1 : 0;
}

static int rebuild_list(struct rebuild *r, const struct image *list, size_t n, struct err *e)
{
	own_free struct due *due = calloc(n + 1, sizeof(*due));
	size_t nold = 0, at = 0;
	int worst = 0;

	if (!due)
		return err_set(e, ERR_NOBODY, "out of memory for a list of images");
	for (size_t i = 0; i < n; i++) {
		if (look(r, &list[i], &due[i], e) < 0)
			return -1;
		nold += due[i].old;
	}
	for (size_t i = 0; i < n && worst >= 0; i++) {
		int code;

		if (!due[i].old)
			continue;
		r->delay_s = r->spread_s * (int64_t)at++ / (int64_t)nold;
		if (!due[i].is)
			continue;
		r->newest = r->older_s || r->spread_s ? &due[i].newest : NULL;
		code = rebuild_image(r, &list[i], e);
		worst = code != 0 ? code : worst;
	}
	return worst;
}

static int rebuild_all(struct rebuild *r, struct err *e)
{
	struct image *list = NULL;
	size_t n = 0;
	int code;

	if (cli_images(r->cli, &list, &n, e) < 0)
		return -1;
	code = rebuild_list(r, list, n, e);
	images_free(list, n);
	if (n == 0 && r->older_s == 0)
		cli_say(stdout, "There is no image yet: `hornero image add UUID REPO` makes one.");
	return code;
}

static int read_times(struct rebuild *r, const struct call *call, bool all, struct err *e)
{
	const char *older = call_option(call, "older-than");

	if ((older || call_option(call, "spread")) && !all)
		return err_set(e, ERR_USAGE, "--older-than and --spread need --all");
	if (cli_period(call, "older-than", 0, &r->older_s, e) < 0 ||
	    cli_period(call, "spread", 0, &r->spread_s, e) < 0)
		return -1;
	r->force = r->force || older;
	return 0;
}

int rebuild_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	bool all = call_option(call, "all") != NULL;
	own_image struct image img = {0};
	own_db struct db *db = NULL;
	char uuid[UUID_LEN + 1], who[CLI_WHO_MAX];
	struct rebuild r = {.cli = cli,
			    .c = c,
			    .who = who,
			    .force = call_option(call, "force"),
			    .clean = call_option(call, "clean")};
	int code;

	cli_who(cli, who);
	if (!c)
		return -1;
	if (all == (call->nargs == 1))
		return err_set(e, ERR_USAGE, "rebuild needs one image's UUID, or --all");
	if (read_times(&r, call, all, e) < 0 ||
	    (!all && (cli_uuid(call->args[0], uuid, e) < 0 || cli_image(cli, uuid, &img, e) < 0)))
		return -1;
	if (cli_db(cli, DB_CREATE, &db, e) < 0)
		return -1;
	r.db = db;
	code = all ? rebuild_all(&r, e) : rebuild_image(&r, &img, e);
	bell_ring(c->run_dir);
	return code;
}
