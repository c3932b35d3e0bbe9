/* queue: lists running, waiting and recently ended jobs. DIAGNOSTICS: as the database says. */
#include "cli/expected.h"
#include "cli/filter.h"
#include "cli/names.h"
#include "cli/table.h"
#include "cli/words.h"
#include "state/pause.h"

static const struct column columns[] = {
	{"job", CELL_NUMBER, 0},
	{"state", CELL_STATE, 0},
	{"image", CELL_TEXT, COLUMN_TEXT_ONLY},
	{"image", CELL_TEXT, COLUMN_JSON_ONLY},
	{"name", CELL_TEXT, COLUMN_JSON_ONLY},
	{"repo", CELL_TEXT, 0},
	{"ref", CELL_TEXT, COLUMN_JSON_ONLY},
	{"commit", CELL_COMMIT, 0},
	{"origin", CELL_TEXT, 0},
	{"pushed_by", CELL_TEXT, COLUMN_JSON_ONLY},
	{"priority", CELL_NUMBER, COLUMN_JSON_ONLY},
	{"attempt", CELL_NUMBER, 0},
	{"created_ms", CELL_AGE, 0},
	{"started_ms", CELL_AGE, COLUMN_JSON_ONLY},
	{"built_ms", CELL_AGE, COLUMN_JSON_ONLY},
	{"ended_ms", CELL_AGE, 0},
	{"not_before_ms", CELL_AGE, COLUMN_JSON_ONLY},
	{"superseded_by", CELL_ID, COLUMN_JSON_ONLY},
	{"reused", CELL_BOOL, COLUMN_JSON_ONLY},
	{"digest", CELL_TEXT, COLUMN_JSON_ONLY},
	{"reason", CELL_TEXT, COLUMN_JSON_ONLY},
	{"waiting_for", CELL_TEXT, COLUMN_JSON_ONLY},
	{"waiting_kind", CELL_TEXT, COLUMN_JSON_ONLY},
	{"position", CELL_ID, COLUMN_JSON_ONLY},
	{"expected_start_ms", CELL_AGE, COLUMN_JSON_ONLY},
	{"expected_end_ms", CELL_AGE, COLUMN_JSON_ONLY},
	{"progress", CELL_ID, COLUMN_JSON_ONLY},
	{"expected", CELL_TEXT, COLUMN_TEXT_ONLY},
	{"note", CELL_TEXT, 0},
};

enum { USUAL_LIMIT = 100, USUAL_ENDED = 20 };

struct queue {
	struct listing listing;
	const struct cli *cli;
	struct paused paused;
	struct names names;
	struct filter filter;
	int64_t left, ended_left; /* rows, and ended jobs, that may still be listed */
	bool is_cut;              /* there are more */
	bool agent_runs;
};

/* Returns the most useful remark for a row. A standstill of the whole node is reported once, below
 * the rows. */
static const char *note_of(const struct queue *q, const struct job *j,
			   const struct standstill *standstill, char *buf, size_t size)
{
	int64_t now_ms = q->listing.now_ms;
	char words[WORDS_MAX];

	if (standstill->kind && paused_image(&q->paused, j->image))
		return standstill->text;
	if (j->superseded_by)
		snprintf(buf, size, "by job %lld", (long long)j->superseded_by);
	else if (j->state == JOB_QUEUED && j->not_before_ms > now_ms)
		snprintf(buf, size, "%s %s%s%s", j->attempt > 0 ? "next attempt" : "begins",
			 age_words(words, now_ms - j->not_before_ms), *j->reason ? ": " : "",
			 j->reason);
	else if (j->state == JOB_BUILT && *j->waiting_for)
		return j->waiting_for;
	else if (j->state == JOB_PUBLISHED)
		return j->reused ? "same content, no build" : "";
	else
		return j->reason;
	return buf;
}

static int queue_row(void *arg, const struct job *j)
{
	struct queue *q = arg;
	char note[ERR_MSG_MAX + 64], image[NAMES_SHOWN], expected[EXPECTED_WORDS];
	struct standstill standstill;
	struct expected x;

	q->is_cut = q->left == 0 || (j->ended_ms && q->ended_left == 0);
	if (q->is_cut)
		return 1;
	q->left--;
	q->ended_left -= j->ended_ms != 0;
	cli_standstill(q->cli, &q->paused, j, &standstill);
	expected_of(q->cli, j, q->agent_runs && !standstill.kind, &x);
	listing_row(
		&q->listing,
		(struct cell[]){
			{.number = j->id},
			{.text = job_state_name(j->state)},
			{.text = names_shown(&q->names, j->image, image)},
			{.text = j->image},
			{.text = names_of(&q->names, j->image)},
			{.text = j->repo},
			{.text = j->ref},
			{.text = j->commit},
			{.text = j->origin},
			{.text = j->pushed_by},
			{.number = j->priority},
			{.number = j->attempt},
			{.number = j->created_ms},
			{.number = j->started_ms},
			{.number = j->built_ms},
			{.number = j->ended_ms},
			{.number = j->not_before_ms},
			{.number = j->superseded_by},
			{.number = j->reused},
			{.text = j->digest},
			{.text = j->reason},
			{.text = standstill.kind ? standstill.text : j->waiting_for},
			{.text = standstill.kind ? waiting_name(standstill.kind) : j->waiting_kind},
			{.number = x.position},
			{.number = x.begins_ms},
			{.number = x.ends_ms},
			{.number = x.progress},
			{.text = expected_words(&x, q->listing.now_ms, expected)},
			{.text = note_of(q, j, &standstill, note, sizeof(note))},
		});
	return ferror(stdout);
}

/* Prints between two reads, so that no transaction waits for a slow terminal. */
static int list_all(struct db *db, struct queue *q, struct err *e)
{
	const struct job_filter *f = &q->filter.job;
	struct job_piece at = JOB_PIECE_FIRST;
	int more = job_each_open(db, f, queue_row, q, e);

	if (more != 0)
		return more < 0 ? -1 : 0;
	do {
		more = job_each_ended(db, f, &at, queue_row, q, e);
		if (more > 0)
			listing_print(&q->listing);
		if (ferror(stdout))
			more = 0;
	} while (more > 0);
	return more;
}

static int read_options(struct queue *q, const struct call *call, struct err *e)
{
	bool all = call_option(call, "all");
	int64_t since_s;

	names_load(&q->names, q->cli);
	if (filter_read(&q->filter, call, &q->names, e) < 0 ||
	    cli_period(call, "since", 0, &since_s, e) < 0 ||
	    cli_count(call, "limit", all ? INT64_MAX : USUAL_LIMIT, &q->left, e) < 0)
		return -1;
	q->filter.job.age_ms = since_s * 1000;
	q->filter.job.workers = q->cli->conf->workers;
	q->ended_left = all || call_option(call, "limit") || filter_limits(&q->filter)
				? INT64_MAX : USUAL_ENDED;
	return 0;
}

/* The last line: nothing is left out in silence. */
static void note_cut(const struct queue *q)
{
	if (q->is_cut)
		cli_say(q->cli->json ? stderr : stdout,
			"There are more jobs than these %zu: `hornero queue --limit N` lists more, "
			"`hornero queue --all` lists all.",
			q->listing.rows);
}

static void notes(struct queue *q)
{
	FILE *out = q->cli->json ? stderr : stdout;

	if (q->listing.rows == 0 && !q->cli->json)
		puts(filter_limits(&q->filter) ? "No job matches." : "The queue is empty.");
	cli_note_isolation(q->cli);
	cli_note_standstill(q->cli, &q->paused);
	if (!q->agent_runs)
		fputs("agent: not running (start hornerod, or nothing is built)\n", out);
	note_cut(q);
}

static int list(struct queue *q, struct db *db, bool all, struct err *e)
{
	struct listing *l = &q->listing;
	struct err ignored = ERR_INIT;
	int listed;

	listing_begin(l, q->cli, columns, sizeof(columns) / sizeof(columns[0]));
	listed = all ? list_all(db, q, e)
		     : job_each_newest(db, &q->filter.job, queue_row, q, e);
	return listing_end(l, listed < 0 ? &ignored : e) < 0 ? -1 : listed;
}

int queue_run(struct cli *cli, const struct call *call, struct err *e)
{
	own_db struct db *db = NULL;
	struct queue q = {.cli = cli};
	int done = -1;

	if (cli_db(cli, DB_READ, &db, e) < 0)
		return -1;
	q.agent_runs = cli_agent_runs(cli->conf) == 1;
	paused_load(&q.paused, cli->conf);
	if (read_options(&q, call, e) == 0)
		done = list(&q, db, call_option(call, "all"), e);
	if (done == 0)
		notes(&q);
	paused_fini(&q.paused);
	names_fini(&q.names);
	return done;
}
