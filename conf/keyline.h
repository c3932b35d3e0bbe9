/* keyline: parses one line of the keys file. Pure. keyring.h says what a line means. */
#ifndef HORNERO_CONF_KEYLINE_H
#define HORNERO_CONF_KEYLINE_H

#include "conf/keyring.h"

/* Splits the terminated line into *out, whose pointers point into line. Returns 1 for a key, 0 for
 * a blank line or a comment, -1 if it is broken. Then e (ERR_USAGE) says why, *column where (from
 * 1), and out->name may be set. */
int keyline_parse(char *line, struct key_entry *out, int *column, struct err *e);

/* Whether one of an entry's patterns matches. ref NULL: ignore the refs of the patterns. */
bool keyline_matches(const char *patterns, const char *repository, const char *ref);

/* Checks a list of patterns, REPO or REPO:REF, with blanks between them. ERR_USAGE. */
int keyline_check(const char *patterns, struct err *e);

#endif
