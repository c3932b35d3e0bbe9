/* report_chart: DIAGNOSTICS: none. The same figures are in a table below the picture. */
#include "cli/report.h"

#include "cli/table.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { SPANS = 48, WIDTH = 960, HEIGHT = 260, LEFT = 70, BOTTOM = 30, TOP = 10 };

struct span {
	int64_t from_ms, n, half_ms, most_ms;
};

static int by_time(const void *a, const void *b)
{
	const struct report_push *x = a, *y = b;

	return (x->ended_ms > y->ended_ms) - (x->ended_ms < y->ended_ms);
}

static int by_size(const void *a, const void *b)
{
	const struct report_push *x = a, *y = b;

	return (x->took_ms > y->took_ms) - (x->took_ms < y->took_ms);
}

static void measure(struct report *r, struct span spans[SPANS])
{
	int64_t step = (r->now_ms - r->from_ms) / SPANS + 1;
	size_t i = 0;

	if (r->n > 0)
		qsort(r->pushes, r->n, sizeof(r->pushes[0]), by_time);
	for (int s = 0; s < SPANS; s++) {
		struct span *span = &spans[s];
		size_t first = i;

		span->from_ms = r->from_ms + s * step;
		while (i < r->n && (s == SPANS - 1 || r->pushes[i].ended_ms < span->from_ms + step))
			i++;
		span->n = (int64_t)(i - first);
		if (span->n == 0)
			continue;
		qsort(r->pushes + first, i - first, sizeof(r->pushes[0]), by_size);
		span->half_ms = r->pushes[first + (i - first - 1) / 2].took_ms;
		span->most_ms = r->pushes[i - 1].took_ms;
	}
}

/* Logarithmic from 10 ms to 100,000 s: pushes take milliseconds or hours. */
static double y_of(double ms)
{
	double part = (log10(ms < 10 ? 10 : ms) - 1) / 7;

	return HEIGHT - BOTTOM - (part > 1 ? 1 : part) * (HEIGHT - BOTTOM - TOP);
}

static void draw_lines(FILE *out)
{
	static const struct {
		double ms;
		const char *words;
	} lines[] = {{10, "10 ms"}, {100, "100 ms"}, {1000, "1 s"}, {10000, "10 s"},
		     {60000, "1 min"}, {600000, "10 min"}, {3600000, "1 h"}, {36000000, "10 h"}};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		fprintf(out,
			"<path class=\"line\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
			"text-anchor=\"end\">%s</text>\n",
			LEFT, y_of(lines[i].ms), WIDTH, LEFT - 6, y_of(lines[i].ms) + 4,
			lines[i].words);
}

static void draw(FILE *out, const struct report *r, const struct span spans[SPANS])
{
	double step = (double)(WIDTH - LEFT) / SPANS;

	fprintf(out,
		"<p>%zu pushes. A dot is the median of a part of the period, the line above it "
		"leads to the longest.</p>\n"
		"<div class=\"wide\" role=\"region\" aria-labelledby=\"time\" tabindex=\"0\">\n"
		"<svg class=\"chart\" role=\"img\" aria-label=\"Chart of push to warm over time; "
		"the table below has its figures\" viewBox=\"0 0 %d %d\">\n",
		r->n, WIDTH, HEIGHT);
	draw_lines(out);
	for (int part = 0; part <= 4; part++) {
		char date[24] = "";
		time_t at = (time_t)((r->from_ms + part * (r->now_ms - r->from_ms) / 4) / 1000);
		struct tm tm = {0};

		strftime(date, sizeof(date), "%m-%d %H:%M", gmtime_r(&at, &tm));
		fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
			LEFT + part * (WIDTH - LEFT) / 4, HEIGHT - 8,
			part == 0 ? "start" : part == 4 ? "end" : "middle", date);
	}
	for (int s = 0; s < SPANS; s++) {
		double x = LEFT + (s + 0.5) * step;

		if (spans[s].n == 0)
			continue;
		fprintf(out,
			"<path class=\"most\" d=\"M%.1f %.1fV%.1f\"/>"
			"<circle class=\"half\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
			x, y_of((double)spans[s].half_ms), y_of((double)spans[s].most_ms), x,
			y_of((double)spans[s].half_ms));
	}
	fputs("</svg>\n</div>\n", out);
}

void report_chart(FILE *out, struct report *r)
{
	struct span spans[SPANS] = {{0}};
	char half[WORDS_MAX], most[WORDS_MAX];

	fputs("<section aria-labelledby=\"time\">\n<h2 id=\"time\">Push to warm</h2>\n", out);
	if (r->n == 0) {
		fputs("<p>No push became warm in this period.</p>\n</section>\n", out);
		return;
	}
	measure(r, spans);
	draw(out, r, spans);
	fputs("<details>\n<summary>The figures of this chart</summary>\n<table>\n<thead><tr>"
	      "<th scope=\"col\">From</th><th scope=\"col\">Pushes</th><th scope=\"col\">Median"
	      "</th><th scope=\"col\">Longest</th></tr></thead>\n<tbody>\n",
	      out);
	for (int s = 0; s < SPANS; s++) {
		if (spans[s].n == 0)
			continue;
		fputs("<tr><td>", out);
		html_time(out, spans[s].from_ms);
		fprintf(out,
			"</td><td class=\"number\">%lld</td><td class=\"number\">%s</td>"
			"<td class=\"number\">%s</td></tr>\n",
			(long long)spans[s].n, duration_words(half, spans[s].half_ms),
			duration_words(most, spans[s].most_ms));
	}
	fputs("</tbody>\n</table>\n</details>\n</section>\n", out);
}
