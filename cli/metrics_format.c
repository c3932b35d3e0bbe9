/* metrics_format: DIAGNOSTICS: none; the caller looks at the stream. */
#include "cli/metrics.h"

#include <math.h>

/* A counter's family is NAME in OpenMetrics, and NAME_total in the older format. */
void metric_begin(struct metrics *m, enum metric_kind kind, const char *name, const char *unit,
		  const char *help)
{
	static const char *const kinds[] = {"gauge", "counter", "histogram"};
	const char *end = kind == METRIC_COUNTER && !m->is_open ? "_total" : "";

	m->kind = kind;
	m->name = name;
	fprintf(m->out, "# TYPE %s%s %s\n", name, end, kinds[kind]);
	if (unit && m->is_open)
		fprintf(m->out, "# UNIT %s %s\n", name, unit);
	fprintf(m->out, "# HELP %s%s %s\n", name, end, help);
}

/* 15 digits: times in milliseconds, and bytes of any disk. */
static void print_number(FILE *out, double value)
{
	fprintf(out, "%.15g", value);
}

/* Bounds are labels, so OpenMetrics fixes their form: 1 is 1.0. */
static void print_bound(FILE *out, double value)
{
	fprintf(out, value == floor(value) ? "%.1f" : "%.15g", value);
}

void metric_value(struct metrics *m, const char *labels, double value)
{
	fprintf(m->out, "%s%s", m->name, m->kind == METRIC_COUNTER ? "_total" : "");
	if (labels)
		fprintf(m->out, "{%s}", labels);
	fputc(' ', m->out);
	print_number(m->out, value);
	fputc('\n', m->out);
}

void metric_bucket(struct metrics *m, const char *labels, double most, uint64_t count)
{
	fprintf(m->out, "%s_bucket{%s%sle=\"", m->name, labels ? labels : "", labels ? "," : "");
	print_bound(m->out, most);
	fprintf(m->out, "\"} %llu\n", (unsigned long long)count);
}

void metric_sum(struct metrics *m, const char *labels, uint64_t count, double sum)
{
	const char *open = labels ? "{" : "", *close = labels ? "}" : "";

	fprintf(m->out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", m->name, labels ? labels : "",
		labels ? "," : "", (unsigned long long)count);
	labels = labels ? labels : "";
	fprintf(m->out, "%s_sum%s%s%s ", m->name, open, labels, close);
	print_number(m->out, sum);
	fprintf(m->out, "\n%s_count%s%s%s %llu\n", m->name, open, labels, close,
		(unsigned long long)count);
}

void metric_end(struct metrics *m)
{
	if (m->is_open)
		fputs("# EOF\n", m->out);
}
