/* keyline: one line of the keys file. Pure; what a line means is in keyring.h. */
#ifndef HORNERO_CONF_KEYLINE_H
#define HORNERO_CONF_KEYLINE_H

#include "conf/keyring.h"

/* Cuts the terminated line into *out, whose pointers go into it. 1: a key, 0: blank or a comment, -1: broken; then e
 * (ERR_USAGE) says how, *column where (from 1), and out->name may be known all the same. */
int keyline_parse(char *line, struct key_entry *out, int *column, struct err *e);

/* Whether some word of an entry's patterns matches; ref NULL: whatever ref a word is limited to. */
bool keyline_matches(const char *patterns, const char *repository, const char *ref);

#endif
