/*
 * report: one HTML page about the node, without scripts and without anything from elsewhere.
 *
 *   report.c         the command
 *   report_look.c    what became of the jobs of a period
 *   report_page.c    the sections
 *   report_chart.c   push to warm over time, as SVG
 *   report_html.c    text for HTML
 */
#ifndef HORNERO_CLI_REPORT_H
#define HORNERO_CLI_REPORT_H

#include "cli/cli.h"

#include <stdio.h>

/* ---- report_html.c ---- */

/* Prints text from outside: neither markup nor control bytes remain. NULL prints nothing. */
void html_text(FILE *out, const char *text);
/* Prints a wall time as a <time>, or a dash for 0. */
void html_time(FILE *out, int64_t wall_ms);
/* Begins a section with a table that may be wider than a narrow screen. heads: its columns, ended
 * by NULL. */
void html_table_begin(FILE *out, const char *id, const char *title, const char *const *heads);
void html_table_end(FILE *out);
/* A cell with a number and a bar of `part` of `whole`. */
void html_bar(FILE *out, const char *words, double part, double whole);

/* ---- report_look.c ---- */

enum { REPORT_MOST = 100000 /* ended jobs that are read */ };

/* A push that became warm. */
struct report_push {
	int64_t ended_ms, took_ms;
	char image[UUID_LEN + 1];
};

struct report {
	int64_t from_ms, now_ms;      /* wall */
	int64_t states[JOB_STATES];   /* ended jobs */
	int64_t reused;               /* of the published ones: without a build */
	bool is_cut;                  /* more than REPORT_MOST jobs ended */
	struct report_push *pushes;
	size_t n, room;
};

int report_look(struct report *r, struct db *db, struct err *e);

/* ---- report_chart.c ---- */

void report_chart(FILE *out, struct report *r);

/* ---- report_page.c ---- */

/* db NULL: why says why the queue cannot be read. */
void report_page(FILE *out, struct cli *cli, struct db *db, struct report *r, const char *why);

#endif
