/*
 * expect: the regular expression that a line of an image's console must match, and which
 * expressions are accepted.
 *
 * An expression is a POSIX extended one (regex(7)) of printable ASCII. A hook compiles expressions
 * that users push, so constructs that take the C library exponential time or memory are refused:
 * - no {n,m} and no \1
 * - a backslash only before punctuation
 * - ^ and $ only at the ends
 * - no empty alternative
 * - no * or + after a group that contains a repetition
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

/* The program that boots an image with an expression; a name in /usr. */
#define EXPECT_PROGRAM "qemu-system-x86_64"

/* For the manual and messages. */
#define EXPECT_ALLOWED "an extended regular expression of at most 200 printable ASCII characters"

/* Returns 0, or -1 with ERR_USAGE: what is refused, and where. */
int check_expect(const char *text, struct err *e);

/* Like check_expect; compiles text for regexec without submatches. The caller calls regfree. */
int expect_compile(regex_t *out, const char *text, struct err *e);

#endif
