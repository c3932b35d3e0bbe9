/*
 * refline: parses git's lines on a hook's standard input, `OLD NEW REF` each. Pure.
 *
 *     struct refline r;
 *     int got;
 *     while ((got = refline_next(&at, end, &r)) != 0)
 *             if (got > 0) … r.ref …
 *
 * The pusher chooses the names. refline accepts a line only if git itself would
 * (git-check-ref-format(1)), so an accepted ref is safe as a relative path: no part is empty,
 * starts with a dot or is "..". It may still hold any byte above 0x7f: escape it before printing.
 */
#ifndef HORNERO_HOOKS_REFLINE_H
#define HORNERO_HOOKS_REFLINE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	REFLINE_REF_MAX = 2048,      /* bytes of a ref's name */
	REFLINE_OID_MAX = 64,        /* hexadecimal digits: 40 or 64 */
	REFLINE_INPUT_MAX = 16 << 20 /* bytes of all lines that a hook reads */
};

/* Points into the text, which refline_next cut into NUL-terminated strings. */
struct refline {
	const char *old, *new; /* equally long, 40 or 64 lower-case hexadecimal digits; zeros
				* mean none */
	const char *ref;       /* "refs/…" */
};

/* Parses the line at *at and moves *at past it. Returns 1 if accepted, -1 if malformed (skip it), 0
 * at the end. Writes into [*at, end). */
int refline_next(char **at, char *end, struct refline *out);

/* Returns true if this push deletes the ref. */
bool refline_deletes(const struct refline *r);

/* Returns true if git-check-ref-format(1) accepts the name and it is below refs/. */
bool refline_ref_valid(const char *ref);

#endif
