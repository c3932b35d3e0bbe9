/*
 * yaml: parses one YAML file into a small tree, every node with its position.
 *
 *     own_doc struct doc *doc = NULL;
 *     if (doc_parse(path, text, len, ERR_OPERATOR, &doc, e) < 0) return -1;
 *     … doc->root is NULL if the file contains only comments …
 *     return doc_fail(doc, node, e, "what, and what is allowed");
 *
 * Configuration is data: anchors, aliases, tags, directives and second documents are refused, and
 * so are duplicate keys, control characters, and input that is too deep or too long. The text may
 * be untrusted.
 *
 * The names begin with doc_ because libyaml exports yaml_free and similar names: a function of ours
 * would replace theirs inside libyaml.
 */
#ifndef HORNERO_CONF_YAML_H
#define HORNERO_CONF_YAML_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	DOC_BYTES_MAX = 256 * 1024,
	DOC_NODES_MAX = 4096,
	DOC_DEPTH_MAX = 8,
};

enum doc_kind { DOC_SCALAR, DOC_SEQUENCE, DOC_MAPPING };

struct doc_node {
	enum doc_kind kind;
	int line, column;        /* from 1; the column counts characters */
	/* of a scalar; UTF-8, no control characters except tab and newline */
	const char *text;
	bool null;               /* a scalar that is empty, ~ or null, unquoted */
	struct doc_node *key;   /* in a mapping: the scalar before the colon */
	struct doc_node *first; /* of a sequence or mapping */
	struct doc_node *next;
	size_t n;                /* children */
	struct doc_node *made_before;
	char bytes[];
};

struct doc {
	char *name; /* for messages */
	enum err_class class;
	struct doc_node *root;
	struct doc_node *newest; /* list of all nodes, for freeing */
	size_t n;
};

/* Parses text[0..len). Returns 0, or -1 with e filled: `class` for any error in the text,
 * ERR_NOBODY if memory runs out. */
int doc_parse(const char *name, const char *text, size_t len, enum err_class class,
	      struct doc **out, struct err *e);
void doc_free(struct doc *doc);

/* Returns the value of a key of the root, or NULL. */
const struct doc_node *doc_get(const struct doc *doc, const char *key);

/* Sets "NAME:LINE:COLUMN: …" with the document's class. A NULL node means the start of the file.
 * Always returns -1. */
int doc_fail(const struct doc *doc, const struct doc_node *at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), cold));

/* Puts the position in front of the message in e and sets the document's class (ERR_NOBODY and
 * ERR_US stay). Always returns -1. */
int doc_position(const struct doc *doc, const struct doc_node *at, struct err *e)
	__attribute__((cold));

static inline void doc_end(struct doc **doc)
{
	doc_free(*doc);
}
#define own_doc __attribute__((cleanup(doc_end)))

#endif
