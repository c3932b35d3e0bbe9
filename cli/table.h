/*
 * table: prints rows as text (aligned, ages in words) or as JSON, from one list of columns.
 *
 *     static const struct column columns[] = {
 *             {"job", CELL_NUMBER, 0}, {"created_ms", CELL_AGE, 0}};
 *     struct listing l;
 *     listing_begin(&l, cli, columns, 2);
 *     listing_row(&l, (struct cell[]){{.number = 42}, {.number = j->created_ms}});
 *     if (listing_end(&l, e) < 0) …
 *
 * A column's name is its JSON name; text output shows it in capitals without its unit. listing_row
 * escapes and copies texts; it borrows a row's strings for the call only. A listing keeps rows
 * until listing_print or listing_end, because column widths depend on them, and because a caller
 * must not wait for a reader while it holds a transaction. Columns never become narrower in later
 * prints.
 */
#ifndef HORNERO_CLI_TABLE_H
#define HORNERO_CLI_TABLE_H

#include "cli/cli.h"
#include "lib/bytes.h"

#include <jansson.h>

enum cell_kind {
	CELL_TEXT,
	CELL_COMMIT,   /* text; text output shows the first 12 digits */
	CELL_STATE,    /* text, coloured */
	CELL_NUMBER,   /* 0 is shown as 0 */
	CELL_ID,       /* 0 means none */
	CELL_AGE,      /* wall milliseconds; 0 means never */
	CELL_DURATION, /* milliseconds; 0 means unknown */
	CELL_SECONDS,  /* a duration in seconds; 0 means unknown */
	CELL_BYTES,    /* 0 means unknown */
	CELL_BOOL,
};

enum { COLUMN_JSON_ONLY = 1, COLUMN_TEXT_ONLY = 2 }; /* flags of a column */

struct column {
	const char *name;
	enum cell_kind kind;
	int flags;
};

struct cell {
	const char *text;
	int64_t number;
};

enum { LISTING_COLUMNS_MAX = 32 };

struct listing {
	const struct column *columns;
	size_t ncolumns;
	bool json, colour, failed, headed;
	int64_t now_ms;
	const struct steady *clock;
	size_t rows, kept; /* all rows, and those not printed yet */
	/* The kept rows: for each cell its struct cell_size and bytes. JSON: the rows as text. */
	char *text;
	size_t used, size;
	int width[LISTING_COLUMNS_MAX];
};

void listing_begin(struct listing *l, const struct cli *cli, const struct column *columns,
		   size_t ncolumns);
void listing_row(struct listing *l, const struct cell *cells);
/* Prints the rows kept so far. */
void listing_print(struct listing *l);
/* Prints and frees. Without rows, text output is empty.
 * Returns 0, or -1 with ERR_NOBODY if out of memory. */
int listing_end(struct listing *l, struct err *e);

/*
 * A part of an output that has several tables: a table in text output, below a blank line, or a
 * member of a JSON object, an array of rows.
 *
 *     part_begin(&p, cli, object, "attempts", columns, n);
 *     part_row(&p, cells);
 *     if (part_end(&p, e) < 0) …
 */
struct part {
	struct listing listing;
	json_t *rows; /* NULL: text */
};

/* object NULL: text output. */
void part_begin(struct part *p, const struct cli *cli, json_t *object, const char *name,
		const struct column *columns, size_t ncolumns);
void part_row(struct part *p, const struct cell *cells);
int part_end(struct part *p, struct err *e);

/* Prints one object as "name: value" lines; omits empty values. */
void record_print(const struct cli *cli, const struct column *columns, size_t ncolumns,
		  const struct cell *cells);

/* Returns a row as a JSON object; times, ids and sizes of 0 are null. */
json_t *row_json(const struct column *columns, size_t ncolumns, const struct cell *cells);

/* Returns a text as JSON; bytes that are not UTF-8 are escaped. */
json_t *text_json(const char *text);

/* Prints a value in ASCII and drops the reference. */
void json_out(json_t *value);

/* Writes decimal digits without a terminator. Returns their end. */
char *put_number(char *buf, int64_t n);

/* Pure pieces; each returns buf. */
enum { WORDS_MAX = BYTES_WORDS };
const char *age_words(char buf[WORDS_MAX], int64_t ago_ms);          /* "3 min ago", "in 20 s" */
/* The age of a wall time; mentions a later change of the clock: "3 min ago (clock was changed)".
 * The clock may know of no change. */
const char *age_since(char buf[WORDS_MAX], int64_t then_ms, int64_t now_ms,
		      const struct steady *clock);
const char *duration_words(char buf[WORDS_MAX], int64_t ms);         /* "340 ms", "3 min 20 s" */

#endif
