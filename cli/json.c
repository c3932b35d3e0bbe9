/* json: prints cells as JSON. DIAGNOSTICS: if memory runs out, a member is missing. */
#include "cli/table.h"

#include "lib/escape.h"
#include "lib/own.h"

#include <string.h>

/* JSON is UTF-8; other bytes are escaped as on a terminal, as \xNN. */
json_t *text_json(const char *text)
{
	size_t size = strlen(text) * 4 + 1;
	own_free char *clean = NULL;
	json_t *value = json_string(text);

	if (value)
		return value;
	clean = malloc(size);
	if (!clean)
		return json_null();
	escape_text(clean, size, text, strlen(text), ESCAPE_LINES);
	return json_string_nocheck(clean);
}

static json_t *cell_json(enum cell_kind kind, const struct cell *c)
{
	switch (kind) {
	case CELL_TEXT:
	case CELL_STATE:
	case CELL_COMMIT:
		return c->text ? text_json(c->text) : json_null();
	case CELL_BOOL:
		return json_boolean(c->number != 0);
	case CELL_NUMBER:
		return json_integer(c->number);
	case CELL_AGE:
	case CELL_BYTES:
	case CELL_DURATION:
	case CELL_ID:
	case CELL_SECONDS:
		break;
	}
	return c->number ? json_integer(c->number) : json_null();
}

json_t *row_json(const struct column *columns, size_t ncolumns, const struct cell *cells)
{
	json_t *row = json_object();

	for (size_t i = 0; i < ncolumns; i++)
		if (!(columns[i].flags & COLUMN_TEXT_ONLY))
			json_object_set_new(row, columns[i].name,
					    cell_json(columns[i].kind, &cells[i]));
	return row;
}

void json_out(json_t *value)
{
	json_dumpf(value, stdout, JSON_ENSURE_ASCII | JSON_INDENT(2));
	putc('\n', stdout);
	json_decref(value);
}
