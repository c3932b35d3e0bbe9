/* metrics_totals: counts the event log once, and keeps the sums in a file: a scrape reads only the
 * events since the last one, however long the history is.
 * DIAGNOSTICS: as db. A file that cannot be understood is logged, and counts as missing. */
#include "cli/metrics.h"

#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>

enum { FILE_MAX = 1 << 20, LABELS_MAX = 96, TOTALS_VERSION = 1 };

static const char *const outcomes[] = {
	[OUTCOME_BUILT] = "built",         [OUTCOME_CONFIRMED] = "confirmed",
	[OUTCOME_FAILED] = "failed",       [OUTCOME_HELD] = "held",
	[OUTCOME_REQUEUED] = "requeued",   [OUTCOME_CANCELLED] = "cancelled",
	[OUTCOME_SUPERSEDED] = "superseded",
};

static const char *const figures[] = {
	[FIGURE_PUSH_TO_WARM] = "push_to_warm", [FIGURE_QUEUE] = "queue",
	[FIGURE_CHECKOUT] = "checkout",         [FIGURE_BUILD] = "build",
	[FIGURE_CHECK] = "check",               [FIGURE_BOOT] = "boot",
	[FIGURE_STORE] = "store",               [FIGURE_PUBLISH] = "publish",
	[FIGURE_CPU] = "cpu",                   [FIGURE_MEMORY] = "memory",
};

static const double seconds[BUCKETS] = {0.05, 0.1, 0.25, 0.5, 1,   2.5, 5,   10,
					30,   60,  120,  300, 600, 1800, 3600};
#define MIB 1048576.0
static const double bytes[BUCKETS] = {
	4 * MIB,    8 * MIB,    16 * MIB,   32 * MIB,   64 * MIB,    128 * MIB,   256 * MIB,
	512 * MIB,  1024 * MIB, 2048 * MIB, 4096 * MIB, 8192 * MIB, 16384 * MIB, 32768 * MIB,
	65536 * MIB};

static const double *bounds_of(enum figure f)
{
	return f == FIGURE_MEMORY ? bytes : seconds;
}

static void observe(struct totals *t, enum figure f, double value)
{
	struct histogram *h = &t->figures[f];
	int i = 0;

	while (i < BUCKETS && value > bounds_of(f)[i])
		i++;
	h->count[i]++;
	h->sum += value;
}

/* 0: the attempt did not come so far. A stage shorter than a millisecond counts as none, too. */
static void observe_ms(struct totals *t, enum figure f, int64_t ms)
{
	if (ms > 0)
		observe(t, f, (double)ms / 1000);
}

static void count_attempt(struct totals *t, enum outcome o, const struct past *p)
{
	t->attempts[o][o == OUTCOME_BUILT || o == OUTCOME_CONFIRMED ? CAUSE_NONE
								    : cause_parse(p->cause)]++;
	observe_ms(t, FIGURE_CHECKOUT, p->checkout_ms);
	observe_ms(t, FIGURE_BUILD, p->build_ms);
	observe_ms(t, FIGURE_CHECK, p->check_ms);
	observe_ms(t, FIGURE_BOOT, p->boot_ms);
	observe_ms(t, FIGURE_STORE, p->store_ms);
	observe_ms(t, FIGURE_CPU, p->cpu_ms);
	if (p->mem_peak_bytes > 0)
		observe(t, FIGURE_MEMORY, (double)p->mem_peak_bytes);
}

static void count_job(struct totals *t, const struct past *p)
{
	bool published = strcmp(p->name, "published") == 0;

	if (strcmp(p->name, "confirmed") == 0)
		t->confirmed_ms = p->at_ms;
	if (published || strcmp(p->name, "confirmed") == 0) {
		t->jobs[JOB_PUBLISHED][CAUSE_NONE]++;
		observe_ms(t, FIGURE_PUBLISH, p->publish_ms);
	} else if (strcmp(p->name, "failed") == 0) {
		t->jobs[JOB_FAILED][cause_parse(p->cause)]++;
	} else if (strcmp(p->name, "cancelled") == 0) {
		t->jobs[JOB_CANCELLED][CAUSE_NONE]++;
	} else if (strcmp(p->name, "superseded") == 0) {
		t->jobs[JOB_SUPERSEDED][CAUSE_NONE]++;
	}
	if (published && strcmp(p->origin, "push") == 0)
		observe(t, FIGURE_PUSH_TO_WARM,
			p->at_ms > p->created_ms ? (double)(p->at_ms - p->created_ms) / 1000 : 0);
	if (strcmp(p->name, "running") == 0 && p->attempt == 1)
		observe(t, FIGURE_QUEUE, p->started_ms > p->created_ms
						 ? (double)(p->started_ms - p->created_ms) / 1000
						 : 0);
}

static void count(void *arg, const struct past *p)
{
	struct totals *t = arg;

	t->event = p->event;
	t->at_ms = p->at_ms;
	t->job = p->job;
	if (p->job == 0) /* an event of the node */
		return;
	count_job(t, p);
	for (int o = 0; p->is_first_end && p->has_ended && o < OUTCOMES; o++)
		if (strcmp(p->name, outcomes[o]) == 0)
			count_attempt(t, (enum outcome)o, p);
}

static json_t *pairs_json(const uint64_t *counts, const char *first, json_t *into)
{
	for (int c = 0; c <= CAUSE_UNKNOWN; c++) {
		own_free char *name = fs_path("%s %s", first, cause_name((enum cause)c));

		if (counts[c])
			json_object_set_new(into, name, json_integer((json_int_t)counts[c]));
	}
	return into;
}

static void pairs_read(uint64_t *counts, const char *first, json_t *from)
{
	for (int c = 0; c <= CAUSE_UNKNOWN; c++) {
		own_free char *name = fs_path("%s %s", first, cause_name((enum cause)c));

		counts[c] = (uint64_t)json_integer_value(json_object_get(from, name));
	}
}

static json_t *figure_json(const struct histogram *h)
{
	json_t *list = json_array();

	for (int i = 0; i <= BUCKETS; i++)
		json_array_append_new(list, json_integer((json_int_t)h->count[i]));
	return json_pack("{s:o,s:f}", "count", list, "sum", h->sum);
}

/* Another hornero's bounds make no sense here. */
static void figure_read(struct histogram *h, json_t *from)
{
	json_t *list = json_object_get(from, "count");

	if (json_array_size(list) != BUCKETS + 1)
		return;
	for (size_t i = 0; i <= BUCKETS; i++)
		h->count[i] = (uint64_t)json_integer_value(json_array_get(list, i));
	h->sum = json_number_value(json_object_get(from, "sum"));
}

static int64_t number(json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* Returns false if there is no file that we understand. */
static bool load(struct totals *t, const char *path)
{
	own_free char *text = NULL;
	struct err why = ERR_INIT;
	json_t *o = NULL;
	size_t len;

	*t = (struct totals){0};
	if (fs_read(AT_FDCWD, path, FILE_MAX, &text, &len, &why) == 0)
		o = json_loadb(text, len, 0, NULL);
	if (number(o, "version") != TOTALS_VERSION) {
		if (why.sys != ENOENT)
			log_warn("event=counts-lost %s: %s; all counts are 0 again", path,
				 why.class ? why.msg : "it is not hornero's");
		json_decref(o);
		return false;
	}
	t->event = number(o, "event");
	t->at_ms = number(o, "at_ms");
	t->job = number(o, "job");
	t->confirmed_ms = number(o, "confirmed_ms");
	for (int s = 0; s < JOB_STATES; s++)
		pairs_read(t->jobs[s], job_state_name((enum job_state)s),
			   json_object_get(o, "jobs"));
	for (int n = 0; n < OUTCOMES; n++)
		pairs_read(t->attempts[n], outcomes[n], json_object_get(o, "attempts"));
	for (int f = 0; f < FIGURES; f++)
		figure_read(&t->figures[f],
			    json_object_get(json_object_get(o, "figures"), figures[f]));
	json_decref(o);
	return true;
}

int totals_save(const struct totals *t, const char *path, struct err *e)
{
	json_t *jobs = json_object(), *attempts = json_object(), *all = json_object(), *o;
	own_free char *text = NULL;

	for (int s = 0; s < JOB_STATES; s++)
		pairs_json(t->jobs[s], job_state_name((enum job_state)s), jobs);
	for (int n = 0; n < OUTCOMES; n++)
		pairs_json(t->attempts[n], outcomes[n], attempts);
	for (int f = 0; f < FIGURES; f++)
		json_object_set_new(all, figures[f], figure_json(&t->figures[f]));
	o = json_pack("{s:i,s:I,s:I,s:I,s:I,s:o,s:o,s:o}", "version", TOTALS_VERSION, "event",
		      (json_int_t)t->event, "at_ms", (json_int_t)t->at_ms, "job",
		      (json_int_t)t->job, "confirmed_ms", (json_int_t)t->confirmed_ms, "jobs", jobs,
		      "attempts", attempts, "figures", all);
	text = o ? json_dumps(o, JSON_INDENT(1)) : NULL;
	json_decref(o);
	if (!text)
		return err_set(e, ERR_NOBODY, "out of memory");
	return fs_replace(AT_FDCWD, path, text, strlen(text), 0644, e);
}

int totals_take(struct totals *t, const char *path, struct db *db, struct err *e)
{
	bool known = load(t, path);
	int64_t newest = 0;
	int same = 0;

	if (!db)
		return 0;
	if (history_newest(db, &newest, e) < 0)
		return -1;
	if (!known && newest > TOTALS_MOST)
		t->event = newest - TOTALS_MOST;
	if (known && t->event > 0)
		same = history_has(db, t->event, t->at_ms, t->job, e);
	if (same < 0)
		return -1;
	/* The queue was deleted or moved aside: all events of the new one are to be counted. */
	if (known && same == 0)
		t->event = 0;
	if (history_each(db, t->event, TOTALS_MOST, count, t, e) < 0)
		return -1;
	t->behind = newest > t->event ? newest - t->event : 0;
	return 0;
}

static const char *word_of(enum cause c)
{
	return c == CAUSE_NONE ? "none" : cause_name(c);
}

/* Series that never counted are left out, but for the causeless ones: a rate needs a zero. */
static void print_pairs(struct metrics *m, const uint64_t *counts, const char *label,
			const char *first)
{
	char labels[LABELS_MAX];

	for (int c = 0; c <= CAUSE_UNKNOWN; c++) {
		snprintf(labels, sizeof(labels), "%s=\"%s\",cause=\"%s\"", label, first,
			 word_of((enum cause)c));
		if (counts[c] || c == CAUSE_NONE)
			metric_value(m, labels, (double)counts[c]);
	}
}

static void print_figure(struct metrics *m, const struct totals *t, enum figure f,
			 const char *labels)
{
	const struct histogram *h = &t->figures[f];
	uint64_t n = 0;

	for (int i = 0; i < BUCKETS; i++) {
		n += h->count[i];
		metric_bucket(m, labels, bounds_of(f)[i], n);
	}
	metric_sum(m, labels, n + h->count[BUCKETS], h->sum);
}

void totals_print(struct metrics *m, const struct totals *t)
{
	char labels[LABELS_MAX];

	metric_begin(m, METRIC_COUNTER, "hornero_jobs_ended", NULL,
		     "Jobs that ended, by their last state, and the cause of a failure.");
	for (int s = 0; s < JOB_STATES; s++)
		if (job_state_ended((enum job_state)s))
			print_pairs(m, t->jobs[s], "state", job_state_name((enum job_state)s));
	metric_begin(m, METRIC_COUNTER, "hornero_attempts_ended", NULL,
		     "Attempts that ended, by their outcome and its cause.");
	for (int n = 0; n < OUTCOMES; n++)
		print_pairs(m, t->attempts[n], "outcome", outcomes[n]);
	metric_begin(m, METRIC_HISTOGRAM, "hornero_push_to_warm_seconds", "seconds",
		     "From a push to its image in Nova's cache.");
	print_figure(m, t, FIGURE_PUSH_TO_WARM, NULL);
	metric_begin(m, METRIC_HISTOGRAM, "hornero_stage_seconds", "seconds",
		     "Duration of each stage of a job; queue: from the wish to the first attempt.");
	for (int f = FIGURE_QUEUE; f <= FIGURE_PUBLISH; f++) {
		snprintf(labels, sizeof(labels), "stage=\"%s\"", figures[f]);
		print_figure(m, t, (enum figure)f, labels);
	}
	metric_begin(m, METRIC_HISTOGRAM, "hornero_build_cpu_seconds", "seconds",
		     "Processor time of an attempt.");
	print_figure(m, t, FIGURE_CPU, NULL);
	metric_begin(m, METRIC_HISTOGRAM, "hornero_build_memory_peak_bytes", "bytes",
		     "Most memory that an attempt had at a time.");
	print_figure(m, t, FIGURE_MEMORY, NULL);
	metric_begin(m, METRIC_GAUGE, "hornero_events_uncounted", NULL,
		     "Events of the log that the counters above lack; the next runs count them.");
	metric_value(m, NULL, (double)t->behind);
}
