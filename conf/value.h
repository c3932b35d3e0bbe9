/* value: one text brought into the member that its key describes. */
#ifndef HORNERO_CONF_VALUE_H
#define HORNERO_CONF_VALUE_H

#include "conf/table.h"

enum { VALUE_ALLOWED = 256 };

/* Set the scalar key at base, freeing what was there. ERR_USAGE "KEY is "TEXT"; … is allowed". A relative path
 * begins at dir; with dir NULL it is refused. */
int value_set(const struct key *k, void *base, const char *text, const char *dir, struct err *e);

/* Check one text of a list, or of a scalar, against the key's own check and length. ERR_USAGE. */
int value_check(const struct key *k, const char *text, struct err *e);

/* "a number from 1 to 64" and so on. Returns buf. */
const char *value_allowed(const struct key *k, char buf[VALUE_ALLOWED]);

/* Seconds of a time in seconds or with s, m, h or d, for a text that may hold other words, too; false for no time. */
bool value_duration(const char *text, int64_t *seconds);

bool value_is_list(const struct key *k);

#endif
