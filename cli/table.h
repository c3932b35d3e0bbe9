/*
 * table: rows for people (aligned, ages in words) or for programs (JSON), from one list of columns.
 *
 *     static const struct column columns[] = {{"job", CELL_NUMBER, 0}, {"created_ms", CELL_AGE, 0}};
 *     struct listing l;
 *     listing_begin(&l, cli, columns, 2);
 *     listing_row(&l, (struct cell[]){{.number = 42}, {.number = j->created_ms}});
 *     if (listing_end(&l, e) < 0) …
 *
 * A column's name is its JSON name; people see it in capitals without its unit. Texts are escaped
 * here and copied: a row's strings are borrowed for the call. Rows are kept until listing_print or listing_end: the widths
 * of columns need them, and nobody waits for a reader while he holds a transaction. What is printed later is at least as
 * wide as what was before.
 */
#ifndef HORNERO_CLI_TABLE_H
#define HORNERO_CLI_TABLE_H

#include "cli/cli.h"
#include "lib/bytes.h"

#include <jansson.h>

enum cell_kind {
	CELL_TEXT,
	CELL_COMMIT,   /* text; people see the first 12 digits */
	CELL_STATE,    /* text, coloured */
	CELL_NUMBER,   /* 0 is shown as 0 */
	CELL_ID,       /* 0 means none */
	CELL_AGE,      /* wall milliseconds; 0 means never */
	CELL_DURATION, /* milliseconds; 0 means unknown */
	CELL_SECONDS,  /* a duration in seconds; 0 means unknown */
	CELL_BYTES,    /* 0 means unknown */
	CELL_BOOL,
};

enum { COLUMN_JSON_ONLY = 1 }; /* flags of a column */

struct column {
	const char *name;
	enum cell_kind kind;
	int flags;
};

struct cell {
	const char *text;
	int64_t number;
};

enum { LISTING_COLUMNS_MAX = 24 };

struct listing {
	const struct column *columns;
	size_t ncolumns;
	bool json, colour, failed, headed;
	int64_t now_ms;
	const struct steady *clock;
	size_t rows, kept; /* all, and those not printed yet */
	char *text; /* the cells of the kept rows: a struct mark each, then the bytes. JSON: the rows as text */
	size_t used, size;
	int width[LISTING_COLUMNS_MAX];
};

void listing_begin(struct listing *l, const struct cli *cli, const struct column *columns, size_t ncolumns);
void listing_row(struct listing *l, const struct cell *cells);
/* Print what is kept so far. */
void listing_print(struct listing *l);
/* Prints and frees; nothing is printed for people where there is no row. ERR_NOBODY: out of memory. */
int listing_end(struct listing *l, struct err *e);

/* One object for people: "name: value" lines, empty values left out. */
void record_print(const struct cli *cli, const struct column *columns, size_t ncolumns, const struct cell *cells);

/* A row as a JSON object; times, ids and sizes of 0 are null. */
json_t *row_json(const struct column *columns, size_t ncolumns, const struct cell *cells);

/* Print and drop a value, ASCII only. */
void json_out(json_t *value);

/* Decimal digits without a terminator; returns their end. */
char *put_number(char *buf, int64_t n);

/* Pure pieces; each returns buf. */
enum { WORDS_MAX = BYTES_WORDS };
const char *age_words(char buf[WORDS_MAX], int64_t ago_ms);          /* "3 min ago", "in 20 s" */
/* The same of a time, which says where the clock was changed since: "3 min ago (clock was changed)". clock may know none. */
const char *age_since(char buf[WORDS_MAX], int64_t then_ms, int64_t now_ms, const struct steady *clock);
const char *duration_words(char buf[WORDS_MAX], int64_t ms);         /* "340 ms", "3 min 20 s" */
int text_width(const char *s);                                       /* columns of well-formed UTF-8 */

#endif
