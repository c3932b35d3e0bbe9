/*
 * convert: the bytes of a blob as git writes them into a work tree (gitattributes(5)): ident, then eol, then
 * working-tree-encoding. Pure but for iconv.
 *
 *     struct convert c = {.eol = CONVERT_CRLF};
 *     convert_apply(&c, path, id_hex, data, len, &out, &outlen, e)
 *
 * libgit2 1.5 has filters for the first two, yet expands one $Id$ a file where git expands all, and none for the third. So all
 * three are here, and t/5110 holds them to what git clone writes.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_CONVERT_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_CONVERT_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { CONVERT_ENCODING_MAX = 63 };

struct convert {
	bool ident;
	bool text_auto; /* text=auto, and not eol=lf: ident is expanded in the whole file at once */
	enum {
		CONVERT_AS_IT_IS,
		CONVERT_CRLF,      /* each lone LF becomes CR LF */
		CONVERT_CRLF_AUTO, /* the same where the blob is text without a CR */
	} eol;
	char encoding[CONVERT_ENCODING_MAX + 1]; /* "": UTF-8, as it is */
};

static inline bool convert_changes(const struct convert *c)
{
	return c->ident || c->eol != CONVERT_AS_IT_IS || c->encoding[0];
}

/* *out is the caller's to free. ERR_PUSHER where the encoding is unknown or cannot hold the text; path is for messages. */
int convert_apply(const struct convert *c, const char *path, const char *id_hex, const char *data, size_t len, char **out,
		  size_t *outlen, struct err *e);

#endif
