/*
 * escape: makes text from outside safe for a terminal, a log line or a row.
 *
 * Keeps printable ASCII and well-formed UTF-8. Replaces with \xNN: control bytes (C0, DEL, C1),
 * malformed UTF-8, and the bidirectional overrides that reorder displayed text. A backslash stays a
 * backslash: the result is for display, not for parsing back.
 */
#ifndef HORNERO_LIB_ESCAPE_H
#define HORNERO_LIB_ESCAPE_H

#include <stddef.h>

enum escape_keep {
	ESCAPE_LINE = 0,  /* escapes newlines and tabs too */
	ESCAPE_LINES = 1, /* keeps newlines and tabs, for build logs */
};

/* Writes in[0..len) into out, which has size bytes. Always terminates it and truncates at a whole
 * character. Returns the length written, at most four times len. */
size_t escape_text(char *out, size_t size, const char *in, size_t len, enum escape_keep keep);

/* Returns the length of the longest prefix of in[0..len) that does not end inside a UTF-8 sequence.
 * Escape that prefix now and the rest, at most three bytes, with the next read. */
size_t escape_whole(const char *in, size_t len);

#endif
