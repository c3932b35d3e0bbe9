/* stats: prints how long jobs took, how often they failed, and why. DIAGNOSTICS: as db. */
#include "cli/filter.h"
#include "cli/names.h"
#include "cli/stats_look.h"
#include "cli/table.h"
#include "cli/words.h"
#include "lib/own.h"

#include <string.h>

enum { USUAL_S = 7 * 24 * 3600, USUAL_LIMIT = 10000, SLICES = 14, IMAGES_MOST = 20 };

static const struct column stage_columns[] = {
	{"stage", CELL_TEXT, 0},      {"jobs", CELL_NUMBER, 0},     {"p50_ms", CELL_DURATION, 0},
	{"p95_ms", CELL_DURATION, 0}, {"p99_ms", CELL_DURATION, 0}, {"most_ms", CELL_DURATION, 0},
};

static const struct column slice_columns[] = {
	{"from_ms", CELL_AGE, 0},     {"to_ms", CELL_AGE, COLUMN_JSON_ONLY},
	{"pushes", CELL_NUMBER, 0},   {"p50_ms", CELL_DURATION, 0},
	{"p95_ms", CELL_DURATION, 0}, {"p99_ms", CELL_DURATION, 0},
};

static const struct column failure_columns[] = {
	{"cause", CELL_TEXT, 0},
	{"who_acts", CELL_TEXT, 0},
	{"failures", CELL_NUMBER, 0},
	{"last_job", CELL_ID, 0},
};

static const struct column image_columns[] = {
	{"image", CELL_TEXT, COLUMN_TEXT_ONLY},
	{"image", CELL_TEXT, COLUMN_JSON_ONLY},
	{"name", CELL_TEXT, COLUMN_JSON_ONLY},
	{"jobs", CELL_NUMBER, 0},
	{"published", CELL_NUMBER, 0},
	{"failed", CELL_NUMBER, 0},
	{"pushes", CELL_NUMBER, COLUMN_JSON_ONLY},
	{"warm_p50_ms", CELL_DURATION, 0},
	{"warm_p99_ms", CELL_DURATION, 0},
	{"build_p50_ms", CELL_DURATION, 0},
};

#define COUNT(columns) (sizeof(columns) / sizeof((columns)[0]))

struct out {
	const struct cli *cli;
	struct stats *stats;
	const struct names *names;
	json_t *object; /* NULL: text */
};

static int print_stages(const struct out *o, struct err *e)
{
	struct part p;

	part_begin(&p, o->cli, o->object, "stages", stage_columns, COUNT(stage_columns));
	for (int i = 0; i < STATS_STAGES; i++) {
		struct span *s = &o->stats->stages[i];

		if (s->n > 0)
			part_row(&p, (struct cell[]){
					     {.text = stats_stage_name((enum stats_stage)i)},
					     {.number = (int64_t)s->n},
					     {.number = span_percentile(s, 50)},
					     {.number = span_percentile(s, 95)},
					     {.number = span_percentile(s, 99)},
					     {.number = span_percentile(s, 100)},
				     });
	}
	return part_end(&p, e);
}

/* Push to warm over time. */
static int print_slices(const struct out *o, struct err *e)
{
	const struct stats *s = o->stats;
	int64_t step = (s->now_ms - s->from_ms) / SLICES + 1;
	struct span spans[SLICES] = {{0}};
	struct part p;

	for (size_t i = 0; i < s->n; i++) {
		int64_t slice = (s->jobs[i].ended_ms - s->from_ms) / step;

		if (s->jobs[i].took_ms >= 0)
			span_add(&spans[slice < 0 ? 0 : slice < SLICES ? slice : SLICES - 1],
				 s->jobs[i].took_ms);
	}
	part_begin(&p, o->cli, o->object, "push_to_warm", slice_columns, COUNT(slice_columns));
	for (int i = 0; i < SLICES; i++) {
		struct span *span = &spans[i];

		part_row(&p, (struct cell[]){
				     {.number = s->from_ms + i * step},
				     {.number = s->from_ms + (i + 1) * step},
				     {.number = (int64_t)span->n},
				     {.number = span_percentile(span, 50)},
				     {.number = span_percentile(span, 95)},
				     {.number = span_percentile(span, 99)},
			     });
		span_fini(span);
	}
	return part_end(&p, e);
}

static int print_failures(const struct out *o, struct err *e)
{
	struct part p;

	part_begin(&p, o->cli, o->object, "failures", failure_columns, COUNT(failure_columns));
	for (int c = 0; c <= CAUSE_UNKNOWN; c++) {
		const struct stats_failure *f = &o->stats->failures[c];

		if (f->jobs > 0)
			part_row(&p, (struct cell[]){
					     {.text = c == CAUSE_NONE ? "none"
								      : cause_name((enum cause)c)},
					     {.text = err_class_name(f->who)},
					     {.number = f->jobs},
					     {.number = f->last_job},
				     });
	}
	return part_end(&p, e);
}

static int by_image(const void *a, const void *b)
{
	return strcmp(((const struct stats_job *)a)->image, ((const struct stats_job *)b)->image);
}

/* The jobs of one image, which lie side by side. */
struct group {
	const struct stats_job *jobs;
	size_t n;
};

static int by_count(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return by_image(x->jobs, y->jobs);
}

static void image_row(const struct out *o, struct part *p, const struct group *g)
{
	struct span warm = {0}, build = {0};
	int64_t published = 0, failed = 0;
	char name[NAMES_SHOWN];

	for (size_t i = 0; i < g->n; i++) {
		const struct stats_job *j = &g->jobs[i];

		published += j->state == JOB_PUBLISHED;
		failed += j->state == JOB_FAILED || j->state == JOB_HELD;
		if (j->took_ms >= 0)
			span_add(&warm, j->took_ms);
		if (j->build_ms > 0)
			span_add(&build, j->build_ms);
	}
	part_row(p, (struct cell[]){
			    {.text = names_shown(o->names, g->jobs->image, name)},
			    {.text = g->jobs->image},
			    {.text = names_of(o->names, g->jobs->image)},
			    {.number = (int64_t)g->n},
			    {.number = published},
			    {.number = failed},
			    {.number = (int64_t)warm.n},
			    {.number = span_percentile(&warm, 50)},
			    {.number = span_percentile(&warm, 99)},
			    {.number = span_percentile(&build, 50)},
		    });
	span_fini(&warm);
	span_fini(&build);
}

/* Text output has the images with most jobs. */
static int print_images(const struct out *o, struct err *e)
{
	struct stats *s = o->stats;
	own_free struct group *groups = calloc(s->n + 1, sizeof(*groups));
	size_t n = 0, most;
	struct part p;

	if (!groups)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (s->n > 0)
		qsort(s->jobs, s->n, sizeof(s->jobs[0]), by_image);
	for (size_t i = 0; i < s->n; i++) {
		if (i == 0 || by_image(&s->jobs[i - 1], &s->jobs[i]) != 0)
			groups[n++] = (struct group){.jobs = &s->jobs[i]};
		groups[n - 1].n++;
	}
	qsort(groups, n, sizeof(*groups), by_count);
	most = o->object || n < IMAGES_MOST ? n : IMAGES_MOST;
	part_begin(&p, o->cli, o->object, "images", image_columns, COUNT(image_columns));
	for (size_t i = 0; i < most; i++)
		image_row(o, &p, &groups[i]);
	if (part_end(&p, e) < 0)
		return -1;
	if (most < n)
		cli_say(stdout, "Of %zu images, these %zu have the most jobs; --json has all.", n,
			most);
	return 0;
}

static void head_json(const struct out *o)
{
	const struct stats *s = o->stats;
	json_t *jobs = json_object();

	for (int i = 0; i < JOB_STATES; i++)
		if (job_state_ended((enum job_state)i) || i == JOB_HELD)
			json_object_set_new(jobs, job_state_name((enum job_state)i),
					    json_integer(s->states[i]));
	json_object_set_new(jobs, "reused", json_integer(s->reused));
	json_object_set_new(o->object, "from_ms", json_integer(s->from_ms));
	json_object_set_new(o->object, "to_ms", json_integer(s->now_ms));
	json_object_set_new(o->object, "is_cut", json_boolean(s->is_cut));
	json_object_set_new(o->object, "jobs", jobs);
}

static void head_people(const struct out *o)
{
	const struct stats *s = o->stats;
	char words[WORDS_MAX];

	printf("In the last %s: %lld published (%lld without a build), %lld failed, %lld held, "
	       "%lld superseded, %lld cancelled.\n",
	       duration_words(words, s->now_ms - s->from_ms), (long long)s->states[JOB_PUBLISHED],
	       (long long)s->reused, (long long)s->states[JOB_FAILED],
	       (long long)s->states[JOB_HELD], (long long)s->states[JOB_SUPERSEDED],
	       (long long)s->states[JOB_CANCELLED]);
}

static int print(const struct out *o, int64_t limit, struct err *e)
{
	if (o->object)
		head_json(o);
	else
		head_people(o);
	if (print_stages(o, e) < 0 || print_slices(o, e) < 0 || print_failures(o, e) < 0 ||
	    print_images(o, e) < 0)
		return -1;
	if (o->stats->is_cut)
		cli_say(o->object ? stderr : stdout,
			"These are the last %lld jobs that ended; `hornero stats --limit N` reads "
			"more.",
			(long long)limit);
	return 0;
}

int stats_run(struct cli *cli, const struct call *call, struct err *e)
{
	own_db struct db *db = NULL;
	own_names struct names names = {0};
	struct stats s = {.now_ms = cli->now_ms};
	struct out o = {.cli = cli, .stats = &s, .names = &names};
	struct filter f;
	int64_t since_s, limit;
	int done;

	if (cli_db(cli, DB_READ, &db, e) < 0)
		return -1;
	names_load(&names, cli);
	if (filter_source(&f, call, &names, e) < 0 ||
	    cli_period(call, "since", USUAL_S, &since_s, e) < 0 ||
	    cli_count(call, "limit", USUAL_LIMIT, &limit, e) < 0)
		return -1;
	f.job.age_ms = since_s * 1000;
	s.from_ms = s.now_ms - f.job.age_ms;
	s.limit = limit;
	o.object = cli->json ? json_object() : NULL;
	done = stats_look(&s, db, &f.job, e);
	if (done == 0)
		done = print(&o, limit, e);
	if (done == 0 && o.object)
		json_out(json_incref(o.object));
	json_decref(o.object);
	stats_fini(&s);
	return done;
}
