/* show: prints one job in full. DIAGNOSTICS: ERR_USAGE if there is no such job. */
#include "cli/diff.h"
#include "cli/table.h"
#include "cli/words.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

static const struct column job_columns[] = {
	{"job", CELL_NUMBER, 0},
	{"state", CELL_STATE, 0},
	{"reason", CELL_TEXT, 0},
	{"waiting_for", CELL_TEXT, 0},
	{"waiting_kind", CELL_TEXT, COLUMN_JSON_ONLY},
	{"superseded_by", CELL_ID, 0},
	{"image", CELL_TEXT, 0},
	{"repo", CELL_TEXT, 0},
	{"ref", CELL_TEXT, 0},
	{"commit", CELL_COMMIT, 0},
	{"built_commit", CELL_COMMIT, 0},
	{"tree", CELL_TEXT, 0},
	{"builder", CELL_TEXT, 0},
	{"origin", CELL_TEXT, 0},
	{"pushed_by", CELL_TEXT, 0},
	{"priority", CELL_NUMBER, 0},
	{"force", CELL_BOOL, 0},
	{"clean", CELL_BOOL, 0},
	{"reused", CELL_BOOL, 0},
	{"built", CELL_TEXT, 0},
	{"key", CELL_TEXT, 0},
	{"digest", CELL_TEXT, 0},
	{"created_ms", CELL_AGE, 0},
	{"started_ms", CELL_AGE, 0},
	{"built_ms", CELL_AGE, 0},
	{"ended_ms", CELL_AGE, 0},
	{"not_before_ms", CELL_AGE, 0},
};

static const struct column attempt_columns[] = {
	{"attempt", CELL_NUMBER, 0},
	{"started_ms", CELL_AGE, 0},
	{"ended_ms", CELL_AGE, COLUMN_JSON_ONLY},
	{"class", CELL_TEXT, COLUMN_JSON_ONLY},
	{"cause", CELL_TEXT, 0},
	{"checkout_ms", CELL_DURATION, 0},
	{"build_ms", CELL_DURATION, 0},
	{"check_ms", CELL_DURATION, 0},
	{"boot_ms", CELL_DURATION, 0},
	{"store_ms", CELL_DURATION, 0},
	{"cpu_ms", CELL_DURATION, 0},
	{"mem_peak_bytes", CELL_BYTES, 0},
	{"size_bytes", CELL_BYTES, 0},
	{"reused", CELL_BOOL, COLUMN_JSON_ONLY},
	{"log", CELL_TEXT, COLUMN_JSON_ONLY},
	{"reason", CELL_TEXT, 0},
};

static const struct column event_columns[] = {
	{"at_ms", CELL_AGE, 0},	 {"event", CELL_TEXT, 0},  {"attempt", CELL_ID, 0},
	{"who", CELL_TEXT, 0}, {"detail", CELL_TEXT, 0},
};

enum {
	N_JOB = sizeof(job_columns) / sizeof(job_columns[0]),
	N_ATTEMPT = sizeof(attempt_columns) / sizeof(attempt_columns[0]),
	N_EVENT = sizeof(event_columns) / sizeof(event_columns[0]),
};

/* Rows go into a table or into a JSON array inside the job's object. */
struct rows {
	const struct job *job;
	struct listing *listing;
	json_t *array;
	const struct conf *conf;
};

static void add_row(struct rows *r, const struct column *columns, size_t n,
		    const struct cell *cells)
{
	if (r->array)
		json_array_append_new(r->array, row_json(columns, n, cells));
	else
		listing_row(r->listing, cells);
}

static int attempt_row(void *arg, const struct attempt *a)
{
	struct rows *r = arg;
	const struct attempt_result *v = &a->result;
	own_free char *log = fs_path("%s/%lld.%lld.log", r->conf->log_dir, (long long)a->job,
				     (long long)a->attempt);
	own_free char *packed = fs_path("%s.zst", log);

	add_row(r, attempt_columns, N_ATTEMPT,
		(struct cell[]){
			{.number = a->attempt},
			{.number = a->started_ms},
			{.number = a->ended_ms},
			{.text = v->class},
			{.text = a->ended_ms ? v->cause : "running"},
			{.number = v->checkout_ms},
			{.number = v->build_ms},
			{.number = v->check_ms},
			{.number = v->boot_ms},
			{.number = v->store_ms},
			{.number = v->cpu_ms},
			{.number = v->mem_peak_bytes},
			{.number = v->size_bytes},
			{.number = v->reused},
			{.text = access(packed, F_OK) == 0 ? packed : log},
			{.text = v->reason},
		});
	return 0;
}

static int event_row(void *arg, const struct event *ev)
{
	struct rows *r = arg;
	/* The detail of "superseded" is the number of a job that the key may not see. */
	bool hides = strcmp(ev->event, "superseded") == 0 && r->job->superseded_by == 0;

	add_row(r, event_columns, N_EVENT,
		(struct cell[]){{.number = ev->at_ms},
				{.text = ev->event},
				{.number = ev->attempt},
				{.text = ev->who},
				{.text = hides ? NULL : ev->detail}});
	return 0;
}

static void job_cells(const struct job *j, const struct standstill *standstill,
		      struct cell cells[N_JOB])
{
	const struct cell all[N_JOB] = {
		{.number = j->id},
		{.text = job_state_name(j->state)},
		{.text = j->reason},
		{.text = standstill->kind ? standstill->text : j->waiting_for},
		{.text = standstill->kind ? waiting_name(standstill->kind) : j->waiting_kind},
		{.number = j->superseded_by},
		{.text = j->image},
		{.text = j->repo},
		{.text = j->ref},
		{.text = j->commit},
		{.text = j->built_commit},
		{.text = j->tree},
		{.text = j->builder},
		{.text = j->origin},
		{.text = j->pushed_by},
		{.number = j->priority},
		{.number = j->force},
		{.number = j->clean},
		{.number = j->reused},
		{.text = j->how_built},
		{.text = j->key},
		{.text = j->digest},
		{.number = j->created_ms},
		{.number = j->started_ms},
		{.number = j->built_ms},
		{.number = j->ended_ms},
		{.number = j->not_before_ms},
	};

	for (size_t i = 0; i < N_JOB; i++)
		cells[i] = all[i];
}

static int show_json(struct cli *cli, struct db *db, const struct job *j, const struct cell *cells,
		     bool diff, struct err *e)
{
	const struct conf *c = cli->conf;
	json_t *object = row_json(job_columns, N_JOB, cells);
	struct rows attempts = {.job = j, .array = json_array(), .conf = c},
		    events = {.job = j, .array = json_array(), .conf = c};

	json_object_set_new(object, "attempts", attempts.array);
	json_object_set_new(object, "events", events.array);
	json_object_set_new(object, "isolation",
			    json_string(c->isolation == CONF_ISOLATION_NONE ? "none" : "cgroup"));
	if (attempt_each(db, j->id, attempt_row, &attempts, e) < 0 ||
	    event_each(db, j->id, event_row, &events, e) < 0 ||
	    (diff && diff_print(cli, db, j, object, e) < 0)) {
		json_decref(object);
		return -1;
	}
	json_out(object);
	return 0;
}

static int show_people(struct cli *cli, struct db *db, const struct job *j,
		       const struct cell *cells, struct err *e)
{
	struct listing l;
	struct rows r = {.job = j, .listing = &l, .conf = cli->conf};
	struct err ignored = ERR_INIT;
	int listed;

	record_print(cli, job_columns, N_JOB, cells);
	putchar('\n');
	listing_begin(&l, cli, attempt_columns, N_ATTEMPT);
	listed = attempt_each(db, j->id, attempt_row, &r, e);
	if (listing_end(&l, listed < 0 ? &ignored : e) < 0 || listed < 0)
		return -1;
	if (l.rows > 0)
		putchar('\n');
	listing_begin(&l, cli, event_columns, N_EVENT);
	listed = event_each(db, j->id, event_row, &r, e);
	if (listing_end(&l, listed < 0 ? &ignored : e) < 0 || listed < 0)
		return -1;
	putchar('\n');
	cli_say(stdout, "`hornero log %lld` prints the log, `hornero why %lld` says what to do.",
		(long long)j->id, (long long)j->id);
	return 0;
}

int show_run(struct cli *cli, const struct call *call, struct err *e)
{
	own_db struct db *db = NULL;
	own_job struct job j = {0};
	struct standstill standstill;
	struct cell cells[N_JOB];
	bool diff = call_option(call, "diff");
	int64_t id;
	int done;

	if (cli_job_number(call->args[0], &id, e) < 0 || cli_db(cli, DB_READ, &db, e) < 0 ||
	    cli_job_get(cli, db, id, &j, e) <= 0)
		return -1;
	cli_standstill(cli, NULL, &j, &standstill);
	job_cells(&j, &standstill, cells);
	if (cli->json)
		done = show_json(cli, db, &j, cells, diff, e);
	else
		done = diff ? diff_print(cli, db, &j, NULL, e)
			    : show_people(cli, db, &j, cells, e);
	if (done < 0)
		return -1;
	cli_note_isolation(cli);
	return 0;
}
