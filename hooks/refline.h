/*
 * refline: what git tells a hook on standard input, `OLD NEW REF` a line. Pure.
 *
 *     struct refline r;
 *     int got;
 *     while ((got = refline_next(&at, end, &r)) != 0)
 *             if (got > 0) … r.ref …
 *
 * The text is the pusher's as far as the names go. A line is taken only if it is
 * what git itself would let pass (git-check-ref-format(1)), so a ref that comes out
 * of here is safe as a relative path: no part is empty, starts with a dot or is
 * "..". It may still hold any byte above 0x7f: escape it before a person sees it.
 */
#ifndef HORNERO_HOOKS_REFLINE_H
#define HORNERO_HOOKS_REFLINE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	REFLINE_REF_MAX = 2048,      /* bytes of a ref's name */
	REFLINE_OID_MAX = 64,        /* hexadecimal digits: 40 or 64 */
	REFLINE_INPUT_MAX = 16 << 20 /* bytes of all lines that a hook looks at */
};

/* Pointers into the text, which refline_next cut into terminated strings. */
struct refline {
	const char *old, *new; /* equally long, 40 or 64 lower-case hexadecimal digits; zeros: none */
	const char *ref;       /* "refs/…" */
};

/* The line at *at, and *at moved behind it: 1 taken, -1 not what git would say (passed over),
 * 0 at the end. Writes into [*at, end). */
int refline_next(char **at, char *end, struct refline *out);

/* The ref is deleted by this push. */
bool refline_deletes(const struct refline *r);

/* A name as git-check-ref-format(1) has it, below refs/. */
bool refline_ref_valid(const char *ref);

#endif
