/*
 * wildcard: matches one file name against a pattern with `*` and `?`. Pure.
 *
 * Takes at most length × length steps, so the pattern may be untrusted; fnmatch(3) takes
 * exponential time for a pattern with many `*`. As in a shell, a leading dot must be spelled out.
 */
#ifndef HORNERO_LIB_WILDCARD_H
#define HORNERO_LIB_WILDCARD_H

#include <stdbool.h>

bool wildcard_matches(const char *pattern, const char *name);

/* Returns whether the text holds a `*` or `?`. */
bool wildcard_is(const char *text);

#endif
