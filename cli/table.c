/* table: DIAGNOSTICS: ERR_NOBODY if memory runs out; main notices failed writes. */
#include "cli/table.h"

#include "cli/textwidth.h"
#include "lib/escape.h"
#include "lib/own.h"

#include <ctype.h>
#include <string.h>

static const char *state_colour(const char *state)
{
	static const struct {
		const char *state, *colour;
	} colours[] = {
		{"running", "\033[36m"},   {"built", "\033[33m"},    {"published", "\033[32m"},
		{"warm", "\033[32m"},      {"failed", "\033[31m"},   {"held", "\033[31m"},
		{"broken", "\033[31m"},    {"foreign", "\033[31m"},  {"gone", "\033[33m"},
		{"superseded", "\033[2m"}, {"cancelled", "\033[2m"},
		{"usable", "\033[32m"},    {"incomplete", "\033[33m"},
	};

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(colours[i].state, state) == 0)
			return colours[i].colour;
	return NULL;
}

/* Almost every text is printable ASCII, which needs no escape and is as wide as it is long. Checks
 * eight bytes at a time: a byte outside ' '..'~' sets the top bit of itself, of itself + 1, or of
 * itself - ' '. */
static bool is_plain(const char *text, size_t len)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x80 * ones;
	uint64_t odd = 0, x = 0;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		memcpy(&x, text + i, 8);
		odd |= x | (x + ones) | (x - ' ' * ones);
	}
	for (; i < len; i++)
		odd |= text[i] < ' ' || text[i] > '~' ? tops : 0;
	return (odd & tops) == 0;
}

static size_t put_text(char *buf, size_t size, const char *text, size_t len)
{
	if (len >= size || !is_plain(text, len))
		return escape_text(buf, size, text, len, ESCAPE_LINE);
	memcpy(buf, text, len);
	buf[len] = '\0';
	return len;
}

/* Writes the cell as text to buf (at least WORDS_MAX bytes); "" if it is empty. Returns the
 * length. */
static size_t cell_words(char *buf, size_t size, enum cell_kind kind, const struct cell *c,
			 int64_t now_ms, const struct steady *clock)
{
	const char *text = c->text ? c->text : "";

	*buf = '\0';
	switch (kind) {
	case CELL_TEXT:
	case CELL_STATE:
		return put_text(buf, size, text, strlen(text));
	case CELL_COMMIT:
		return put_text(buf, size, text, strnlen(text, 12));
	case CELL_NUMBER:
		*put_number(buf, c->number) = '\0';
		return strlen(buf);
	case CELL_BOOL:
		return c->number ? put_text(buf, size, "yes", 3) : 0;
	case CELL_ID:
	case CELL_AGE:
	case CELL_DURATION:
	case CELL_SECONDS:
	case CELL_BYTES:
		break;
	}
	if (c->number == 0)
		return 0;
	if (kind == CELL_ID)
		*put_number(buf, c->number) = '\0';
	else if (kind == CELL_AGE)
		age_since(buf, c->number, now_ms, clock);
	else if (kind == CELL_DURATION)
		duration_words(buf, c->number);
	else if (kind == CELL_SECONDS)
		duration_words(buf, c->number * 1000);
	else
		bytes_words(buf, c->number);
	return strlen(buf);
}

/* Returns the bytes that cell_words may need. */
static size_t cell_most(const struct cell *c)
{
	return c->text ? strlen(c->text) * 4 + WORDS_MAX : WORDS_MAX;
}

/* Turns "created_ms" into "CREATED" (capitals) or "created": drops the unit, replaces "_" by a
 * blank. */
static void title_of(char *out, size_t size, const char *name, bool capitals)
{
	static const char *const units[] = {"_ms", "_bytes", "_s"};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (len > strlen(units[i]) &&
		    strcmp(name + len - strlen(units[i]), units[i]) == 0) {
			len -= strlen(units[i]);
			break;
		}
	len = len < size ? len : size - 1;
	for (size_t i = 0; i < len; i++)
		out[i] = name[i] == '_' ? ' '
			 : capitals     ? (char)toupper((unsigned char)name[i])
					: name[i];
	out[len] = '\0';
}

void listing_begin(struct listing *l, const struct cli *cli, const struct column *columns,
		   size_t ncolumns)
{
	char title[WORDS_MAX];

	*l = (struct listing){
		.columns = columns,
		.ncolumns = ncolumns,
		.json = cli->json,
		.colour = cli->colour,
		.now_ms = cli->now_ms,
		.clock = &cli->clock,
	};
	if (ncolumns > LISTING_COLUMNS_MAX)
		abort();
	for (size_t i = 0; i < ncolumns; i++) {
		title_of(title, sizeof(title), columns[i].name, true);
		l->width[i] = text_width(title);
	}
	if (l->json)
		fputc('[', stdout);
}

/* Makes room for one more cell of at most `more` bytes. */
static bool listing_room(struct listing *l, size_t more)
{
	size_t want = l->size ? l->size : 65536;
	char *bigger;

	if (l->size - l->used > more)
		return true;
	while (want - l->used <= more)
		want *= 2;
	bigger = realloc(l->text, want);
	if (!bigger)
		return false;
	l->text = bigger;
	l->size = want;
	return true;
}

/* Precedes each cell's bytes. Copy it in and out: it may be unaligned. */
struct cell_size {
	uint32_t len, width;
};

static int listing_cell(struct listing *l, size_t column, const struct cell *c)
{
	size_t most = cell_most(c);
	struct cell_size m;
	char *at;

	if (!listing_room(l, sizeof(m) + most))
		return -1;
	at = l->text + l->used + sizeof(m);
	m.len = (uint32_t)cell_words(at, most, l->columns[column].kind, c, l->now_ms, l->clock);
	m.width = is_plain(at, m.len) ? m.len : (uint32_t)text_width(at);
	memcpy(l->text + l->used, &m, sizeof(m));
	if ((int)m.width > l->width[column])
		l->width[column] = (int)m.width;
	l->used += sizeof(m) + m.len + 1;
	return 0;
}

static bool is_number(enum cell_kind k)
{
	return k == CELL_NUMBER || k == CELL_ID || k == CELL_DURATION || k == CELL_SECONDS ||
	       k == CELL_BYTES;
}

static char *put_blanks(char *at, int n)
{
	memset(at, ' ', n > 0 ? (size_t)n : 0);
	return at + (n > 0 ? n : 0);
}

/* Appends one cell to a line, numbers aligned right; no blanks follow the last column. */
static char *put_cell(const struct listing *l, char *at, size_t i, const char *text,
		      struct cell_size m, bool last, bool head)
{
	int blanks = l->width[i] - (int)m.width;
	const char *colour = l->colour && head                               ? "\033[1m"
			     : l->colour && l->columns[i].kind == CELL_STATE ? state_colour(text)
									     : NULL;
	bool right = is_number(l->columns[i].kind);

	if (right)
		at = put_blanks(at, blanks);
	if (colour)
		at = stpcpy(at, colour);
	at = mempcpy(at, text, m.len);
	if (colour)
		at = stpcpy(at, "\033[0m");
	return last ? at : put_blanks(at, right ? 2 : blanks + 2);
}

/* Returns the longest possible line: four bytes per terminal column, plus colours. */
static size_t line_most(const struct listing *l)
{
	size_t most = 2;

	for (size_t i = 0; i < l->ncolumns; i++)
		most += (size_t)l->width[i] * 4 + 32;
	return most;
}

static void put_head(const struct listing *l, char *line, size_t last)
{
	char *at = line, title[WORDS_MAX];

	for (size_t i = 0; i <= last; i++) {
		if (l->columns[i].flags & COLUMN_JSON_ONLY)
			continue;
		title_of(title, sizeof(title), l->columns[i].name, true);
		at = put_cell(l, at, i, title,
			      (struct cell_size){(uint32_t)strlen(title), (uint32_t)strlen(title)},
			      i == last, true);
	}
	*at++ = '\n';
	fwrite_unlocked(line, 1, (size_t)(at - line), stdout);
}

/* Prints the row at `cells`; returns the start of the next row. */
static const char *put_row(const struct listing *l, char *line, size_t last, const char *cells)
{
	char *at = line;

	for (size_t i = 0; i <= last; i++) {
		struct cell_size m;

		if (l->columns[i].flags & COLUMN_JSON_ONLY)
			continue;
		memcpy(&m, cells, sizeof(m));
		at = put_cell(l, at, i, cells + sizeof(m), m, i == last, false);
		cells += sizeof(m) + m.len + 1;
	}
	*at++ = '\n';
	fwrite_unlocked(line, 1, (size_t)(at - line), stdout);
	return cells;
}

static size_t last_shown(const struct listing *l)
{
	size_t last = 0;

	for (size_t i = 0; i < l->ncolumns; i++)
		if (!(l->columns[i].flags & COLUMN_JSON_ONLY))
			last = i;
	return last;
}

/* Appends a piece of JSON to the listing. */
static int listing_add(const char *text, size_t len, void *arg)
{
	struct listing *l = arg;

	if (!listing_room(l, len))
		return -1;
	memcpy(l->text + l->used, text, len);
	l->used += len;
	return 0;
}

static void listing_row_json(struct listing *l, const struct cell *cells)
{
	json_t *row = row_json(l->columns, l->ncolumns, cells);

	if (listing_add(l->rows ? ",\n " : "\n ", l->rows ? 3 : 2, l) < 0 ||
	    json_dump_callback(row, listing_add, l, JSON_ENSURE_ASCII) < 0)
		l->failed = true;
	json_decref(row);
}

void listing_print(struct listing *l)
{
	own_free char *line = l->kept ? malloc(line_most(l)) : NULL;
	const char *at = l->text;
	size_t last = last_shown(l);

	if (l->json) {
		if (l->text)
			fwrite_unlocked(l->text, 1, l->used, stdout);
		l->used = 0;
		return;
	}
	if (!line) {
		l->failed = l->failed || l->kept;
		return;
	}
	if (!l->headed)
		put_head(l, line, last);
	l->headed = true;
	for (; l->kept > 0; l->kept--)
		at = put_row(l, line, last, at);
	l->used = 0;
}

void listing_row(struct listing *l, const struct cell *cells)
{
	if (l->json && !l->failed)
		listing_row_json(l, cells);
	for (size_t i = 0; i < l->ncolumns && !l->json && !l->failed; i++)
		if (!(l->columns[i].flags & COLUMN_JSON_ONLY) && listing_cell(l, i, &cells[i]) < 0)
			l->failed = true;
	l->rows++;
	l->kept += !l->failed;
}

int listing_end(struct listing *l, struct err *e)
{
	listing_print(l);
	if (l->json)
		fputs(l->rows ? "\n]\n" : "]\n", stdout);
	free(steal_ptr(&l->text));
	return l->failed ? err_set(e, ERR_NOBODY, "out of memory after %zu rows", l->rows) : 0;
}

void part_begin(struct part *p, const struct cli *cli, json_t *object, const char *name,
		const struct column *columns, size_t ncolumns)
{
	*p = (struct part){.rows = object ? json_array() : NULL};
	if (object) {
		p->listing.columns = columns;
		p->listing.ncolumns = ncolumns;
		json_object_set_new(object, name, p->rows);
	} else {
		listing_begin(&p->listing, cli, columns, ncolumns);
	}
}

void part_row(struct part *p, const struct cell *cells)
{
	if (!p->rows)
		listing_row(&p->listing, cells);
	else
		json_array_append_new(p->rows, row_json(p->listing.columns, p->listing.ncolumns,
							cells));
}

int part_end(struct part *p, struct err *e)
{
	if (p->rows)
		return 0;
	if (p->listing.rows > 0)
		putchar('\n');
	return listing_end(&p->listing, e);
}

void record_print(const struct cli *cli, const struct column *columns, size_t ncolumns,
		  const struct cell *cells)
{
	char title[WORDS_MAX];
	int width = 0;

	for (size_t i = 0; i < ncolumns; i++) {
		title_of(title, sizeof(title), columns[i].name, false);
		width = text_width(title) > width ? text_width(title) : width;
	}
	for (size_t i = 0; i < ncolumns; i++) {
		size_t most = cell_most(&cells[i]);
		own_free char *text = malloc(most);
		const char *colour;

		if (!text || (columns[i].flags & COLUMN_JSON_ONLY) ||
		    cell_words(text, most,
			       columns[i].kind == CELL_COMMIT ? CELL_TEXT : columns[i].kind,
			       &cells[i], cli->now_ms, &cli->clock) == 0)
			continue;
		title_of(title, sizeof(title), columns[i].name, false);
		colour = cli->colour && columns[i].kind == CELL_STATE ? state_colour(text) : NULL;
		printf("%s:%*s%s%s%s\n", title, width - text_width(title) + 1, "",
		       colour ? colour : "", text, colour ? "\033[0m" : "");
	}
}
