/*
 * metrics: figures of the node in the text format of OpenMetrics, or in that of Prometheus, which
 * node_exporter reads from files.
 *
 *   metrics.c         the command
 *   metrics_totals.c  counters and histograms of ended jobs and attempts
 *   metrics_node.c    gauges: what holds at this moment
 *   metrics_format.c  the two formats
 *
 * Every label's values are words of a table of ours, so the number of series is bounded.
 */
#ifndef HORNERO_CLI_METRICS_H
#define HORNERO_CLI_METRICS_H

#include "cli/cli.h"
#include "state/cause.h"

#include <stdio.h>

/* ---- metrics_format.c ---- */

enum metric_kind { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

struct metrics {
	FILE *out;
	bool is_open; /* OpenMetrics, not the text format of Prometheus */
	enum metric_kind kind;
	const char *name; /* of the present family, without _total */
};

/* Begins a family. unit: the end of its name, or NULL. */
void metric_begin(struct metrics *m, enum metric_kind kind, const char *name, const char *unit,
		  const char *help);
/* labels: as state="held", or NULL. */
void metric_value(struct metrics *m, const char *labels, double value);
void metric_bucket(struct metrics *m, const char *labels, double most, uint64_t count);
/* Ends the buckets of these labels. */
void metric_sum(struct metrics *m, const char *labels, uint64_t count, double sum);
void metric_end(struct metrics *m);

/* ---- metrics_totals.c ---- */

enum outcome {
	OUTCOME_BUILT,
	OUTCOME_CONFIRMED,
	OUTCOME_FAILED,
	OUTCOME_HELD,
	OUTCOME_REQUEUED,
	OUTCOME_CANCELLED,
	OUTCOME_SUPERSEDED,
};
enum { OUTCOMES = OUTCOME_SUPERSEDED + 1 };

enum figure {
	FIGURE_PUSH_TO_WARM,
	FIGURE_QUEUE, /* the stages, in their order: from the wish to the first attempt */
	FIGURE_CHECKOUT,
	FIGURE_BUILD,
	FIGURE_CHECK,
	FIGURE_BOOT,
	FIGURE_STORE,
	FIGURE_PUBLISH,
	FIGURE_CPU,
	FIGURE_MEMORY,
};
enum { FIGURES = FIGURE_MEMORY + 1, BUCKETS = 15 /* and the one without a bound */ };

struct histogram {
	uint64_t count[BUCKETS + 1];
	double sum; /* seconds or bytes */
};

/* Everything up to an event of the log. */
struct totals {
	int64_t event, at_ms, job; /* the last one that was counted; 0: none */
	int64_t behind;            /* events that are not counted yet */
	int64_t confirmed_ms;      /* the last confirmation, by the steady clock; 0: none */
	uint64_t jobs[JOB_STATES][CAUSE_UNKNOWN + 1];
	uint64_t attempts[OUTCOMES][CAUSE_UNKNOWN + 1];
	struct histogram figures[FIGURES];
};

/* Reads the sums of `path` and counts the events since. Without a file, begins with the newest
 * TOTALS_MOST events. db NULL: only the sums. */
enum { TOTALS_MOST = 100000 /* events that one call reads */ };
int totals_take(struct totals *t, const char *path, struct db *db, struct err *e);
int totals_save(const struct totals *t, const char *path, struct err *e);
void totals_print(struct metrics *m, const struct totals *t);

/* ---- metrics_node.c ---- */

/* The figures of this moment. db NULL: the queue cannot be read, and its figures are missing. */
void metrics_node(struct metrics *m, struct cli *cli, struct db *db, int64_t confirmed_ms);

#endif
