/* value: converts one text into the member that its setting describes. */
#ifndef HORNERO_CONF_VALUE_H
#define HORNERO_CONF_VALUE_H

#include "conf/setting.h"

enum { VALUE_ALLOWED = 256 };

/* Sets the scalar setting at base and frees the old value. A relative path starts at dir; with dir
 * NULL it is refused. Returns 0, or -1 with ERR_USAGE: "KEY is "TEXT"; … is allowed". */
int value_set(const struct setting *k, void *base, const char *text, const char *dir,
	      struct err *e);

/* Checks a scalar, or one text of a list, against the setting's own check and length. Returns 0, or
 * -1 with ERR_USAGE. */
int value_check(const struct setting *k, const char *text, struct err *e);

/* Writes "a number from 1 to 64" and the like into buf. Returns buf. */
const char *value_allowed(const struct setting *k, char buf[VALUE_ALLOWED]);

/* Parses a time in seconds or with s, m, h or d. Returns false if text is not a time; it may hold
 * other words. */
bool value_duration(const char *text, int64_t *seconds);

/* Returns the name of the user or group at base, its number if it has none, NULL if it is unset.
 * The caller frees it. */
char *value_id_name(const struct setting *k, const void *base);

bool value_is_list(const struct setting *k);

#endif
