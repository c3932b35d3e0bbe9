/*
 * expect: the regular expression that a line of an image's console has to match, and which ones are taken.
 *
 * POSIX extended ones (regex(7)) of printable ASCII, without what makes the C library's take exponential time
 * or memory: a pushed one is compiled by a hook. So there is no {n,m} and no \1, a backslash stands only before
 * punctuation, ^ and $ only at the ends, no alternative is empty, and what holds a repetition is not itself
 * repeated by * or +.
 */
#ifndef HORNERO_CONF_EXPECT_H
#define HORNERO_CONF_EXPECT_H

#include "lib/err.h"

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	EXPECT_MAX = 200,              /* bytes */
	EXPECT_TIMEOUT_MAX_S = 7 * 24 * 3600,
	EXPECT_TIMEOUT_DEFAULT_S = 30,
};

/* What boots an image that has one; a name in /usr. */
#define EXPECT_PROGRAM "qemu-system-x86_64"

/* For the manual and messages. */
#define EXPECT_ALLOWED "an extended regular expression of at most 200 printable ASCII characters"

/* ERR_USAGE says what is not taken, and where it stands. */
int check_expect(const char *text, struct err *e);

/* The same, compiled for regexec without submatches; regfree is the caller's. */
int expect_compile(regex_t *out, const char *text, struct err *e);

#endif
