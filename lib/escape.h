/*
 * escape: text from outside made safe for a terminal, a log line or a row.
 *
 * Kept: printable ASCII and well-formed UTF-8. Replaced by \xNN: control
 * bytes (C0, DEL, C1), malformed UTF-8, and the bidirectional overrides that
 * reorder what a person sees. A backslash stays a backslash: the result is for
 * eyes, not for parsing back.
 */
#ifndef HORNERO_LIB_ESCAPE_H
#define HORNERO_LIB_ESCAPE_H

#include <stddef.h>

enum escape_keep {
	ESCAPE_LINE = 0,  /* newlines and tabs are escaped too */
	ESCAPE_LINES = 1, /* newlines and tabs are kept: build logs */
};

/* Write in[0..len) into out (size bytes, always terminated, cut at a whole
 * character). Returns the length written. Worst growth is four times. */
size_t escape_text(char *out, size_t size, const char *in, size_t len, enum escape_keep keep);

/* The length of the longest prefix of in[0..len) that does not end inside a
 * UTF-8 sequence: what of a buffer may be escaped now, the rest with the next
 * read. Never holds back more than three bytes. */
size_t escape_whole(const char *in, size_t len);

#endif
