/* queue: lists running, waiting and recently ended jobs. DIAGNOSTICS: as the database says. */
#include "cli/table.h"
#include "cli/words.h"
#include "state/pause.h"

static const struct column columns[] = {
	{"job", CELL_NUMBER, 0},
	{"state", CELL_STATE, 0},
	{"image", CELL_TEXT, 0},
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
	{"note", CELL_TEXT, 0},
};

struct queue {
	struct listing listing;
	const struct cli *cli;
	struct paused paused;
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
		snprintf(buf, size, "next attempt %s%s%s",
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
	char note[ERR_MSG_MAX + 64];
	struct standstill standstill;

	cli_standstill(q->cli, &q->paused, j, &standstill);
	listing_row(
		&q->listing,
		(struct cell[]){
			{.number = j->id},
			{.text = job_state_name(j->state)},
			{.text = j->image},
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
			{.text = note_of(q, j, &standstill, note, sizeof(note))},
		});
	return ferror(stdout);
}

/* Prints between two reads, so that no transaction waits for a slow terminal. */
static int list_all(struct db *db, struct queue *q, struct err *e)
{
	struct job_piece at = JOB_PIECE_FIRST;
	int more = job_each(db, JOB_SCOPE_OPEN, queue_row, q, e) < 0 ? -1 : 1;

	while (more > 0) {
		more = job_each_ended(db, &at, queue_row, q, e);
		if (more > 0)
			listing_print(&q->listing);
		if (ferror(stdout))
			more = 0;
	}
	return more;
}

int queue_run(struct cli *cli, const struct call *call, struct err *e)
{
	own_db struct db *db = NULL;
	struct queue q = {.cli = cli};
	struct listing *l = &q.listing;
	struct err ignored = ERR_INIT;
	int listed;

	if (cli_db(cli, DB_READ, &db, e) < 0)
		return -1;
	paused_load(&q.paused, cli->conf);
	listing_begin(l, cli, columns, sizeof(columns) / sizeof(columns[0]));
	listed = call_option(call, "all") ? list_all(db, &q, e)
					  : job_each(db, JOB_SCOPE_RECENT, queue_row, &q, e);
	if (listing_end(l, listed < 0 ? &ignored : e) < 0)
		listed = -1;
	if (listed == 0) {
		if (l->rows == 0 && !cli->json)
			puts("The queue is empty.");
		cli_note_isolation(cli);
		cli_note_standstill(cli, &q.paused);
	}
	paused_fini(&q.paused);
	if (listed < 0)
		return -1;
	if (!cli_agent_runs(cli->conf))
		fputs("agent: not running (start hornerod, or nothing is built)\n",
		      cli->json ? stderr : stdout);
	return 0;
}
