/* wanted: `hornero image list --wanted`, which `hornero fleet` asks each node for. DIAGNOSTICS: a
 * repository or a queue that cannot be read is the reason of a row, not an error. */
#include "cli/wanted.h"

#include "cli/table.h"
#include "state/pause.h"
#include "state/skip.h"
#include "store/placed.h"

#include <stdarg.h>
#include <string.h>

static const struct column columns[] = {
	{"image", CELL_TEXT, 0},
	{"name", CELL_TEXT, 0},
	{"repo", CELL_TEXT, 0},
	{"ref", CELL_TEXT, COLUMN_JSON_ONLY},
	{"state", CELL_STATE, 0},
	{"commit", CELL_COMMIT, 0},
	{"published_ms", CELL_AGE, 0},
	{"wanted_commit", CELL_COMMIT, 0},
	{"wanted_ms", CELL_AGE, 0},
	{"is_wanted_warm", CELL_BOOL, COLUMN_JSON_ONLY},
	{"job", CELL_ID, 0},
	{"job_state", CELL_STATE, 0},
	{"reason", CELL_TEXT, 0},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* One image; zeroed members mean "none". */
struct wish {
	const struct image *img;
	struct warm warm; /* the release instead if only that follows the ref */
	enum warm_state state;
	char commit[CLI_COMMIT_MAX + 1];
	int64_t dated_ms;
	bool is_met;
	struct job job; /* its newest */
	char reason[ERR_MSG_MAX + 128];
};

static void say(struct wish *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct wish *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(w->reason, sizeof(w->reason), format, ap);
	va_end(ap);
}

static int look(const struct cli *cli, struct wish *w, struct err *e)
{
	const struct conf *c = cli->conf;
	const char *pinned;
	struct warm release;
	enum warm_state state;

	if (warm_look(c->store_dir, c->cache_dir, w->img->uuid, &w->warm, &w->state, e) < 0 ||
	    cli_ref_dated(c, w->img, w->commit, &w->dated_ms, e) < 0)
		return -1;
	pinned = image_pin_at(w->img, w->commit);
	w->is_met = w->state == WARM_OK && warm_satisfies(&w->warm, w->commit, pinned);
	if (w->is_met || w->img->in_use != IMAGE_IN_USE_RELEASE_ONLY)
		return 0;
	if (placed_look_newest(c->store_dir, c->cache_dir, w->img->uuid, &release, &state, e) < 0)
		return -1;
	if (state == WARM_OK && warm_satisfies(&release, w->commit, pinned)) {
		w->warm = release;
		w->state = state;
		w->is_met = true;
	}
	return 0;
}

static void explain_job(const struct cli *cli, const struct paused *paused, struct wish *w,
			bool agent_runs)
{
	const struct job *j = &w->job;
	struct standstill s;

	if (job_state_ended(j->state))
		say(w, "%s", j->reason);
	else if (!agent_runs)
		say(w, "hornerod does not run");
	else if (cli_standstill(cli, paused, j, &s))
		say(w, "%s", s.text);
	else
		say(w, "%s", *j->waiting_for ? j->waiting_for : j->reason);
}

/* Explains why the commit of the ref is not warm. */
static void explain(const struct cli *cli, const struct paused *paused, struct wish *w,
		    bool agent_runs)
{
	const struct job *j = &w->job;
	bool has_job = j->id != 0;

	if (!*w->commit)
		say(w, "nothing has been pushed to %s", w->img->ref);
	else if (has_job && !job_state_ended(j->state))
		explain_job(cli, paused, w, agent_runs);
	else if (skip_stands(cli->conf->skip_dir, w->img, w->commit))
		say(w, "pushed with -o skip");
	else if (has_job && j->state != JOB_PUBLISHED &&
		 (strcmp(j->commit, w->commit) == 0 || strcmp(j->built_commit, w->commit) == 0))
		explain_job(cli, paused, w, agent_runs);
	else if (!agent_runs)
		say(w, "no job is queued, and hornerod does not run");
	else
		say(w, "no job is queued");
}

static void row(const struct cli *cli, struct listing *l, const struct wish *w)
{
	bool is_there = w->state != WARM_NONE, has_job = w->job.id != 0;

	listing_row(l, (struct cell[]){
		{.text = w->img->uuid},
		{.text = w->img->name},
		{.text = w->img->repo},
		{.text = w->img->ref},
		{.text = w->img->broken ? "broken" : warm_state_name(w->state)},
		{.text = is_there ? w->warm.made.commit : NULL},
		{.number = is_there ? steady_present_ms(&cli->clock, w->warm.published_ms) : 0},
		{.text = *w->commit ? w->commit : NULL},
		{.number = w->dated_ms},
		{.number = w->is_met},
		{.number = w->job.id},
		{.text = has_job ? job_state_name(w->job.state) : NULL},
		{.text = *w->reason ? w->reason : NULL},
	});
}

static int one(const struct cli *cli, struct db *db, const struct paused *paused, struct wish *w,
	       struct err *e)
{
	struct err why = ERR_INIT;

	if (w->img->broken || look(cli, w, &why) < 0) {
		say(w, "%s", w->img->broken ? w->img->problem.msg : why.msg);
		return 0;
	}
	if (db && job_newest(db, w->img->uuid, &w->job, e) < 0)
		return -1;
	if (!w->is_met)
		explain(cli, paused, w, cli_agent_runs(cli->conf) == 1);
	else if (image_pin_at(w->img, w->commit))
		say(w, "rolled back: pinned to release %s", w->img->pinned);
	return 0;
}

int wanted_list(struct cli *cli, const struct image *list, size_t n, struct err *e)
{
	own_db struct db *db = NULL;
	own_paused struct paused paused = {.node = false};
	struct err ignored = ERR_INIT;
	struct listing l;
	int done = 0;

	/* Without a queue, what is warm can be shown all the same. */
	(void)cli_db(cli, DB_READ, &db, &ignored);
	paused_load(&paused, cli->conf);
	listing_begin(&l, cli, columns, N_COLUMNS);
	for (size_t i = 0; i < n && done == 0; i++) {
		struct wish w = {.img = &list[i]};

		done = one(cli, db, &paused, &w, e);
		row(cli, &l, &w);
		job_fini(&w.job);
	}
	if (listing_end(&l, done < 0 ? &ignored : e) < 0)
		return -1;
	return done;
}
