/*
 * convert: converts a blob as git does when it writes a work tree (gitattributes(5)): first ident,
 * then eol, then working-tree-encoding. Pure, apart from iconv.
 *
 *     struct convert c = {.eol = CONVERT_CRLF};
 *     convert_apply(&c, path, id_hex, data, len, &out, &outlen, e)
 *
 * libgit2 1.5 has filters for the first two, but expands only one $Id$ per file where git expands
 * all, and has none for the third. Hence our own; t/5110 compares them with git clone.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_CONVERT_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_CONVERT_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { CONVERT_ENCODING_MAX = 63 };

struct convert {
	bool ident;
	bool text_auto; /* text=auto without eol=lf: git expands ident in the whole file at once */
	enum {
		CONVERT_AS_IT_IS,
		CONVERT_CRLF,      /* each lone LF becomes CR LF */
		CONVERT_CRLF_AUTO, /* as CONVERT_CRLF if the blob is text without a CR */
	} eol;
	char encoding[CONVERT_ENCODING_MAX + 1]; /* "": leave UTF-8 unchanged */
};

static inline bool convert_changes(const struct convert *c)
{
	return c->ident || c->eol != CONVERT_AS_IT_IS || c->encoding[0];
}

/* The caller frees *out. path is for messages. Returns 0, or -1 on error: ERR_PUSHER if the
 * encoding is unknown or cannot represent the text. */
int convert_apply(const struct convert *c, const char *path, const char *id_hex, const char *data,
		  size_t len, char **out, size_t *outlen, struct err *e);

#endif
