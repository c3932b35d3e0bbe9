/* top: `hornero top` repeatedly draws the snapshot of top_look.c. DIAGNOSTICS: ERR_USAGE for its
 * options; as db says. */
#include "cli/top.h"

#include "cli/live.h"
#include "cli/names.h"
#include "cli/table.h"
#include "cli/textwidth.h"
#include "cli/top_keys.h"
#include "cli/words.h"
#include "lib/clock.h"
#include "lib/own.h"

#include <string.h>
#include <time.h>

enum { HEAD_LINES = 8 };

static const struct column columns[] = {
	{"job", CELL_NUMBER, 0},
	{"state", CELL_STATE, 0},
	{"image", CELL_TEXT, 0},
	{"repo", CELL_TEXT, 0},
	{"stage", CELL_TEXT, 0},
	{"started_ms", CELL_AGE, 0},
	{"created_ms", CELL_AGE, 0},
	{"attempt", CELL_NUMBER, COLUMN_JSON_ONLY},
	{"cpu_ms", CELL_DURATION, 0},
	{"memory_bytes", CELL_BYTES, 0},
	{"pushed_by", CELL_TEXT, 0},
	{"waiting_for", CELL_TEXT, 0},
	{"waiting_kind", CELL_TEXT, COLUMN_JSON_ONLY},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* On a screen, where 80 columns must suffice. */
static const struct column screen_columns[] = {
	{" ", CELL_TEXT, 0},        {"job", CELL_NUMBER, 0},    {"state", CELL_STATE, 0},
	{"image", CELL_TEXT, 0},    {"repo", CELL_TEXT, 0},     {"stage", CELL_TEXT, 0},
	{"started_ms", CELL_AGE, 0}, {"cpu_ms", CELL_DURATION, 0}, {"memory_bytes", CELL_BYTES, 0},
	{"waiting_for", CELL_TEXT, 0},
};
enum { N_SCREEN = sizeof(screen_columns) / sizeof(screen_columns[0]), SHORT = 12 };

struct top {
	struct cli *cli;
	struct live live;
	struct names names;
	struct top_keys keys;
	struct snapshot *shown; /* the last one; keys act on it */
};

enum { BUSY_MAX = 64 };

/* The row points to busy, so the caller keeps it as long as the row. */
static void job_cells(const struct snapshot *s, size_t i, struct cell row[N_COLUMNS],
		      char busy[BUSY_MAX])
{
	const struct job *j = &s->jobs[i];
	const struct usage *u = &s->usage[i];
	const struct cell cells[N_COLUMNS] = {
		{.number = j->id},
		{.text = job_state_name(j->state)},
		{.text = j->image},
		{.text = j->repo},
		{.text = *u->stage ? u->stage : NULL},
		{.number = j->started_ms},
		{.number = j->created_ms},
		{.number = j->attempt},
		{.number = u->cpu_ms},
		{.number = u->memory_bytes},
		{.text = j->pushed_by},
		{.text = s->starved[i] < 0 ? j->waiting_for : busy},
		{.text = j->waiting_kind},
	};

	snprintf(busy, BUSY_MAX, STARVED_WORDS, s->starved[i]);
	memcpy(row, cells, sizeof(cells));
}

static json_t *span_json(struct span *s)
{
	return json_pack("{s:I,s:I,s:I}", "pushes", (json_int_t)s->n, "p50_ms",
			 (json_int_t)span_percentile(s, 50), "p99_ms",
			 (json_int_t)span_percentile(s, 99));
}

static json_t *percent_json(double percent)
{
	return percent < 0 ? json_null() : json_real(percent);
}

static void print_json(const struct top *t, struct snapshot *s)
{
	const struct conf *c = t->cli->conf;
	json_t *o = json_object(), *jobs = json_array();

	json_object_set_new(o, "at_ms", json_integer(s->at_ms));
	for (int i = 0; i < JOB_STATES; i++)
		if (!job_state_ended((enum job_state)i))
			json_object_set_new(o, job_state_name((enum job_state)i),
					    json_integer(s->counts[i]));
	json_object_set_new(o, "workers", json_integer(c->workers));
	json_object_set_new(o, "push_to_warm_hour", span_json(&s->hour));
	json_object_set_new(o, "push_to_warm_day", span_json(&s->day));
	json_object_set_new(
		o, "pressure",
		s->sees_node ? json_pack("{s:o,s:o,s:o,s:o,s:I,s:I,s:I,s:I}", "memory",
					 percent_json(s->memory), "io", percent_json(s->io), "cpu",
					 percent_json(s->cpu), "load", percent_json(s->load),
					 "memory_limit", (json_int_t)c->memory_pressure_limit,
					 "io_limit", (json_int_t)c->io_pressure_limit, "cpu_limit",
					 (json_int_t)c->cpu_pressure_limit, "load_limit",
					 (json_int_t)c->load_limit)
			     : json_null());
	json_object_set_new(o, "standstill",
			    s->standstill.kind ? json_string(s->standstill.text) : json_null());
	json_object_set_new(o, "agent_runs", json_boolean(s->agent_runs));
	for (size_t i = 0; i < s->n; i++) {
		struct cell row[N_COLUMNS];
		char busy[BUSY_MAX];

		job_cells(s, i, row, busy);
		json_array_append_new(jobs, row_json(columns, N_COLUMNS, row));
	}
	json_object_set_new(o, "jobs", jobs);
	json_out(o);
}

static void print_span(const char *name, struct span *s)
{
	char p50[WORDS_MAX], p99[WORDS_MAX];

	if (s->n == 0)
		printf("%s: no push", name);
	else
		printf("%s: %zu, p50 %s, p99 %s", name, s->n,
		       duration_words(p50, span_percentile(s, 50)),
		       duration_words(p99, span_percentile(s, 99)));
}

static void print_percent(const char *name, double percent, int64_t limit, const char *end)
{
	if (percent < 0)
		printf("%s unknown", name);
	else
		printf("%s %.1f %%", name, percent);
	if (limit > 0)
		printf(" (limit %lld)", (long long)limit);
	fputs(end, stdout);
}

static void print_head(const struct top *t, struct snapshot *s)
{
	const struct conf *c = t->cli->conf;
	time_t at = (time_t)(s->at_ms / 1000);
	struct tm tm = {0};
	char clock[16];

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&at, &tm));
	printf("%s  %lld running, %lld queued, %lld built, %lld held; %lld worker%s\n", clock,
	       (long long)s->counts[JOB_RUNNING], (long long)s->counts[JOB_QUEUED],
	       (long long)s->counts[JOB_BUILT], (long long)s->counts[JOB_HELD],
	       (long long)c->workers, c->workers == 1 ? "" : "s");
	fputs("push to warm, ", stdout);
	print_span("last hour", &s->hour);
	print_span("; last day", &s->day);
	putchar('\n');
	if (s->sees_node) {
		fputs("pressure: ", stdout);
		print_percent("memory", s->memory, c->memory_pressure_limit, ", ");
		print_percent("IO", s->io, c->io_pressure_limit, ", ");
		print_percent("CPU", s->cpu, c->cpu_pressure_limit, "; ");
		print_percent("load", s->load, c->load_limit, "\n");
	}
	if (s->standstill.kind)
		cli_say(stdout, "nothing starts for now: %s", s->standstill.text);
	if (!s->agent_runs)
		puts("agent: not running (start hornerod, or nothing is built)");
	cli_note_isolation(t->cli);
}

/* Cuts a text at SHORT columns of a screen. */
static const char *shorten(char buf[4 * SHORT + 1], const char *text)
{
	snprintf(buf, 4 * SHORT + 1, "%.*s", (int)text_fitting(text, SHORT), text);
	return buf;
}

static void print_screen_row(const struct top *t, struct listing *l, const struct snapshot *s,
			     size_t i, bool is_chosen)
{
	const struct job *j = &s->jobs[i];
	const struct usage *u = &s->usage[i];
	char busy[BUSY_MAX], name[NAMES_SHOWN], image[4 * SHORT + 1], repo[4 * SHORT + 1];

	snprintf(busy, BUSY_MAX, STARVED_WORDS, s->starved[i]);
	listing_row(l, (struct cell[]){
			       {.text = is_chosen ? ">" : ""},
			       {.number = j->id},
			       {.text = job_state_name(j->state)},
			       {.text = shorten(image, names_shown(&t->names, j->image, name))},
			       {.text = shorten(repo, j->repo)},
			       {.text = *u->stage ? u->stage : NULL},
			       {.number = j->started_ms},
			       {.number = u->cpu_ms},
			       {.number = u->memory_bytes},
			       {.text = s->starved[i] < 0 ? j->waiting_for : busy},
		       });
}

static int print_screen(struct top *t, const struct snapshot *s, struct err *e)
{
	size_t order[TOP_JOBS_MAX], chosen = top_keys_order(&t->keys, s, order), first;
	size_t rows = live_rows(&t->live, s->n, HEAD_LINES + 1);
	struct listing l;

	first = chosen < rows ? 0 : chosen - rows + 1;
	listing_begin(&l, t->cli, screen_columns, N_SCREEN);
	for (size_t i = first; i < first + rows; i++)
		print_screen_row(t, &l, s, order[i], i == chosen);
	if (listing_end(&l, e) < 0)
		return -1;
	if (s->n == 0)
		puts("The queue is empty.");
	top_keys_line(&t->keys);
	return 0;
}

static int print_people(struct top *t, struct snapshot *s, struct err *e)
{
	size_t rows = live_rows(&t->live, s->n, HEAD_LINES);
	struct listing l;

	live_home(&t->live);
	print_head(t, s);
	putchar('\n');
	t->cli->now_ms = s->at_ms;
	if (t->live.has_keys)
		return print_screen(t, s, e);
	listing_begin(&l, t->cli, columns, N_COLUMNS);
	for (size_t i = 0; i < rows; i++) {
		struct cell row[N_COLUMNS];
		char busy[BUSY_MAX];

		job_cells(s, i, row, busy);
		listing_row(&l, row);
	}
	if (listing_end(&l, e) < 0)
		return -1;
	if (s->n == 0)
		puts("The queue is empty.");
	return 0;
}

static int show(void *arg, struct err *e)
{
	struct top *t = arg;
	struct snapshot *s = t->shown;
	int done;

	snapshot_free(s);
	done = snapshot_take(t->cli, s, e);
	if (done == 0 && t->cli->json)
		print_json(t, s);
	else if (done == 0)
		done = print_people(t, s, e);
	return done;
}

static bool on_key(void *arg, int key)
{
	struct top *t = arg;

	if (key != LIVE_UP && key != LIVE_DOWN && key != 'k' && key != 'j')
		return top_keys_act(&t->keys, t->cli, &t->live, key);
	top_keys_move(&t->keys, t->shown, key == LIVE_UP || key == 'k' ? -1 : 1);
	return true;
}

int top_run(struct cli *cli, const struct call *call, struct err *e)
{
	own_free struct snapshot *s = calloc(1, sizeof(*s));
	struct top t = {.cli = cli, .shown = s};
	int done;

	if (!s)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (live_open(&t.live, cli, call, 1, e) < 0 || !cli_conf(cli, e))
		return -1;
	live_keys(&t.live, on_key);
	if (t.live.has_keys)
		names_load(&t.names, cli);
	done = live_run(&t.live, show, &t, e);
	snapshot_free(s);
	names_fini(&t.names);
	return done;
}
