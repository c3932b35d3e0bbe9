/*
 * textwidth: the columns of a terminal that UTF-8 takes: 2 for each East Asian character, 0 for one
 * that combines with the one before it. Whatever the locale; a byte that is not UTF-8 takes one.
 */
#ifndef HORNERO_CLI_TEXTWIDTH_H
#define HORNERO_CLI_TEXTWIDTH_H

#include <stddef.h>

int text_width(const char *s);

/* Returns the length in bytes of the longest beginning that fits in so many columns. */
size_t text_fitting(const char *s, int columns);

#endif
