/* yaml: pure except for malloc. DIAGNOSTICS: the caller's class with NAME:LINE:COLUMN for bad text;
 * ERR_NOBODY if memory runs out. */
#include "conf/yaml.h"

#include "conf/check.h"
#include "lib/own.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <yaml.h>

int doc_position(const struct doc *doc, const struct doc_node *at, struct err *e)
{
	err_wrap(e, "%s:%d:%d", doc->name, at ? at->line : 1, at ? at->column : 1);
	if (e->class != ERR_NOBODY && e->class != ERR_US)
		e->class = doc->class;
	return -1;
}

const struct doc_node *doc_get(const struct doc *doc, const char *key)
{
	const struct doc_node *node = doc->root ? doc->root->first : NULL;

	while (node && strcmp(node->key->text, key) != 0)
		node = node->next;
	return node;
}

int doc_fail(const struct doc *doc, const struct doc_node *at, struct err *e, const char *fmt, ...)
{
	char what[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(e, doc->class, "%s:%d:%d: %s", doc->name, at ? at->line : 1,
		       at ? at->column : 1, what);
}

void doc_free(struct doc *doc)
{
	if (!doc)
		return;
	for (struct doc_node *node = doc->newest, *before; node; node = before) {
		before = node->made_before;
		free(node);
	}
	free(doc->name);
	free(doc);
}

/* Returns the position of a byte for which libyaml has no mark. */
static struct doc_node place_of(const char *text, size_t offset)
{
	struct doc_node at = {.line = 1, .column = 1};

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

static struct doc_node place_of_mark(yaml_mark_t mark)
{
	return (struct doc_node){.line = (int)mark.line + 1, .column = (int)mark.column + 1};
}

/* Reports control bytes with their position; libyaml says "control characters are not allowed"
 * without a line. */
static int check_bytes(const struct doc *doc, const char *text, size_t len, struct err *e)
{
	struct doc_node at;

	if (len > DOC_BYTES_MAX)
		return doc_fail(doc, NULL, e, "%zu bytes are too many; at most %d are allowed", len,
				 DOC_BYTES_MAX);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t')
			continue;
		if (c == '\r' && i + 1 < len && text[i + 1] == '\n')
			continue;
		at = place_of(text, i);
		return doc_fail(doc, &at, e, "control byte 0x%02x; only text in UTF-8 is allowed",
				c);
	}
	return 0;
}

/* Whether the line contains a tab at or before the column of the scanner's error. */
static bool tab_before(const char *text, size_t len, const struct doc_node *at)
{
	const char *end = text + len;
	int column = 1;

	for (int line = 1; line < at->line; line++) {
		text = memchr(text, '\n', (size_t)(end - text));
		if (!text)
			return false;
		text++;
	}
	for (; text < end && column <= at->column; text++, column++) {
		if (*text == '\t')
			return true;
		if (*text != ' ')
			column = at->column;
	}
	return false;
}

static int fail_parser(const struct doc *doc, const yaml_parser_t *parser, const char *text,
		       size_t len, struct err *e)
{
	struct doc_node at = place_of_mark(parser->problem_mark);

	if (parser->error == YAML_MEMORY_ERROR)
		return err_set(e, ERR_NOBODY, "%s: out of memory", doc->name);
	if (parser->error == YAML_READER_ERROR) {
		at = place_of(text, parser->problem_offset < len ? parser->problem_offset : len);
		return doc_fail(doc, &at, e, "%s; only text in UTF-8 is allowed", parser->problem);
	}
	if (tab_before(text, len, &at))
		return doc_fail(doc, &at, e, "a tab; indent with blanks");
	return doc_fail(doc, &at, e, "not YAML: %s%s%s", parser->context ? parser->context : "",
			parser->context ? ", " : "",
			parser->problem ? parser->problem : "it does not parse");
}

struct reading {
	struct doc *doc;
	yaml_parser_t parser;
	const char *text;
	size_t len;
};

static int next_event(struct reading *r, yaml_event_t *event, struct err *e)
{
	if (!yaml_parser_parse(&r->parser, event))
		return fail_parser(r->doc, &r->parser, r->text, r->len, e);
	return 0;
}

static int new_node(struct doc *doc, yaml_mark_t mark, const char *text, size_t len,
		    struct doc_node **out, struct err *e)
{
	struct doc_node at = place_of_mark(mark);
	struct doc_node *node;

	if (doc->n == DOC_NODES_MAX)
		return doc_fail(doc, &at, e, "too long; at most %d values are allowed",
				DOC_NODES_MAX);
	node = calloc(1, sizeof(*node) + len + 1);
	if (!node)
		return err_set(e, ERR_NOBODY, "%s: out of memory", doc->name);
	node->line = at.line;
	node->column = at.column;
	if (text)
		memcpy(node->bytes, text, len);
	node->text = node->bytes;
	node->made_before = doc->newest;
	doc->newest = node;
	doc->n++;
	*out = node;
	return 0;
}

static int refuse_extras(const struct doc *doc, const yaml_event_t *event, struct err *e)
{
	struct doc_node at = place_of_mark(event->start_mark);
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	case YAML_ALIAS_EVENT:
		return doc_fail(doc, &at, e, "an alias (*); write the value out");
	default:
		break;
	}
	if (anchor)
		return doc_fail(doc, &at, e, "an anchor (&); quote the value if it begins with &");
	if (tag)
		return doc_fail(doc, &at, e, "a tag (!); quote the value if it begins with !");
	return 0;
}

static bool means_null(const yaml_event_t *event)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp((const char *)event->data.scalar.value, words[i]) == 0)
			return true;
	return false;
}

static int read_scalar(struct reading *r, const yaml_event_t *event, struct doc_node **out,
		       struct err *e)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct doc_node at = place_of_mark(event->start_mark);

	/* Escapes in double quotes can spell characters that check_bytes refuses. */
	if (strlen(text) != len || !check_clean(text, CHECK_LINES))
		return doc_fail(r->doc, &at, e,
				"the value holds a control character; only printable text is "
				"allowed");
	if (new_node(r->doc, event->start_mark, text, len, out, e) < 0)
		return -1;
	(*out)->null = means_null(event);
	return 0;
}

static int read_node(struct reading *r, yaml_event_t *event, int depth, struct doc_node **out,
		     struct err *e);

static int read_key(struct reading *r, struct doc_node *mapping, yaml_event_t *event,
		    struct doc_node **key, struct err *e)
{
	struct doc_node at = place_of_mark(event->start_mark);
	char shown[CHECK_SHOWN];

	if (refuse_extras(r->doc, event, e) < 0)
		return -1;
	if (event->type != YAML_SCALAR_EVENT)
		return doc_fail(r->doc, &at, e,
				"a list or mapping is in the place of a key; a key is one word");
	if (read_scalar(r, event, key, e) < 0)
		return -1;
	for (const struct doc_node *old = mapping->first; old; old = old->next)
		if (strcmp(old->key->text, (*key)->text) == 0)
			return doc_fail(r->doc, *key, e,
					"duplicate key %s; it is already in line %d",
					check_show((*key)->text, shown), old->key->line);
	return 0;
}

/* Reads the children of a sequence or mapping, including its end. */
static int read_children(struct reading *r, struct doc_node *parent, yaml_event_type_t end,
			 int depth, struct err *e)
{
	struct doc_node **tail = &parent->first;

	for (;;) {
		struct doc_node *key = NULL;
		yaml_event_t event;
		bool done;
		int bad;

		if (next_event(r, &event, e) < 0)
			return -1;
		done = event.type == end;
		bad = 0;
		if (!done && parent->kind == DOC_MAPPING) {
			bad = read_key(r, parent, &event, &key, e);
			yaml_event_delete(&event);
			if (bad < 0 || next_event(r, &event, e) < 0)
				return -1;
		}
		if (!done)
			bad = read_node(r, &event, depth + 1, tail, e);
		yaml_event_delete(&event);
		if (done || bad < 0)
			return bad;
		(*tail)->key = key;
		tail = &(*tail)->next;
		parent->n++;
	}
}

/* Sets *out on success only, so a half-read child never gets into its parent's list. */
static int read_node(struct reading *r, yaml_event_t *event, int depth, struct doc_node **out,
		     struct err *e)
{
	struct doc_node at = place_of_mark(event->start_mark);
	struct doc_node *node = NULL;
	bool mapping = event->type == YAML_MAPPING_START_EVENT;

	if (refuse_extras(r->doc, event, e) < 0)
		return -1;
	if (depth > DOC_DEPTH_MAX)
		return doc_fail(r->doc, &at, e, "nested too deep; at most %d levels are allowed",
				DOC_DEPTH_MAX);
	if (event->type == YAML_SCALAR_EVENT) {
		if (read_scalar(r, event, &node, e) < 0)
			return -1;
	} else {
		if (new_node(r->doc, event->start_mark, NULL, 0, &node, e) < 0)
			return -1;
		node->kind = mapping ? DOC_MAPPING : DOC_SEQUENCE;
		if (read_children(r, node,
				  mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, depth,
				  e) < 0)
			return -1;
	}
	*out = node;
	return 0;
}

/* Reads one event outside the document. Returns 1 at the end, 0 to go on, -1 on error. */
static int read_outer(struct reading *r, yaml_event_t *event, int *documents, struct err *e)
{
	struct doc_node at = place_of_mark(event->start_mark);

	switch (event->type) {
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	case YAML_STREAM_END_EVENT:
		return 1;
	case YAML_DOCUMENT_START_EVENT:
		if ((*documents)++ > 0)
			return doc_fail(r->doc, &at, e, "a second document (---); one is allowed");
		if (event->data.document_start.version_directive ||
		    event->data.document_start.tag_directives.start !=
			    event->data.document_start.tag_directives.end)
			return doc_fail(r->doc, &at, e, "a directive (%%); leave it out");
		return 0;
	default:
		return read_node(r, event, 1, &r->doc->root, e);
	}
}

static int read_stream(struct reading *r, struct err *e)
{
	int documents = 0, status = 0;

	while (status == 0) {
		yaml_event_t event;

		if (next_event(r, &event, e) < 0)
			return -1;
		status = read_outer(r, &event, &documents, e);
		yaml_event_delete(&event);
	}
	if (r->doc->root && r->doc->root->null)
		r->doc->root = NULL;
	return status < 0 ? -1 : 0;
}

int doc_parse(const char *name, const char *text, size_t len, enum err_class class,
	      struct doc **out, struct err *e)
{
	own_doc struct doc *doc = calloc(1, sizeof(*doc));
	struct reading r = {.doc = doc, .text = text, .len = len};
	int status;

	if (!doc || !(doc->name = strdup(name)))
		return err_set(e, ERR_NOBODY, "%s: out of memory", name);
	doc->class = class;
	if (check_bytes(doc, text, len, e) < 0)
		return -1;
	if (!yaml_parser_initialize(&r.parser))
		return err_set(e, ERR_NOBODY, "%s: out of memory", name);
	/* Set the encoding: a byte order mark must not turn the text into UTF-16. */
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	status = read_stream(&r, e);
	yaml_parser_delete(&r.parser);
	if (status < 0)
		return -1;
	*out = steal_ptr(&doc);
	return 0;
}
