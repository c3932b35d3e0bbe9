/* report_html: DIAGNOSTICS: none; the caller looks at the stream. */
#include "cli/report.h"

#include "lib/escape.h"
#include "lib/own.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void html_text(FILE *out, const char *text)
{
	size_t size = text ? 4 * strlen(text) + 1 : 0;
	own_free char *clean = size ? malloc(size) : NULL;

	if (!clean)
		return;
	escape_text(clean, size, text, strlen(text), ESCAPE_LINE);
	for (const char *at = clean; *at; at++)
		switch (*at) {
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '&': fputs("&amp;", out); break;
		case '"': fputs("&quot;", out); break;
		case '\'': fputs("&#39;", out); break;
		default: fputc(*at, out);
		}
}

void html_time(FILE *out, int64_t wall_ms)
{
	time_t at = (time_t)(wall_ms / 1000);
	char machine[32], people[32];
	struct tm tm = {0};

	if (wall_ms == 0) {
		fputs("–", out);
		return;
	}
	gmtime_r(&at, &tm);
	strftime(machine, sizeof(machine), "%Y-%m-%dT%H:%M:%SZ", &tm);
	strftime(people, sizeof(people), "%Y-%m-%d %H:%M UTC", &tm);
	fprintf(out, "<time datetime=\"%s\">%s</time>", machine, people);
}

/* The region takes the focus, so that a keyboard can scroll it. */
void html_table_begin(FILE *out, const char *id, const char *title, const char *const *heads)
{
	fprintf(out,
		"<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n"
		"<div class=\"wide\" role=\"region\" aria-labelledby=\"%s\" tabindex=\"0\">\n"
		"<table>\n<thead><tr>",
		id, id, title, id);
	for (; *heads; heads++)
		fprintf(out, "<th scope=\"col\">%s</th>", *heads);
	fputs("</tr></thead>\n<tbody>\n", out);
}

void html_table_end(FILE *out)
{
	fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
}

void html_bar(FILE *out, const char *words, double part, double whole)
{
	double width = whole > 0 ? 200 * part / whole : 0;

	fprintf(out, "<td class=\"number\">%s</td><td>", words);
	if (whole > 0)
		fprintf(out,
			"<svg aria-hidden=\"true\" width=\"200\" height=\"12\" viewBox=\"0 0 200 "
			"12\"><rect class=\"track\" width=\"200\" height=\"12\"/>"
			"<rect class=\"%s\" width=\"%.1f\" height=\"12\"/></svg>",
			part > whole ? "over" : "bar", width > 200 ? 200 : width);
	fputs("</td>", out);
}
