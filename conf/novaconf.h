/* novaconf: reads settings of Nova's own configuration, nova.conf, which hornero never writes. */
#ifndef HORNERO_CONF_NOVACONF_H
#define HORNERO_CONF_NOVACONF_H

#include "lib/err.h"

#include <stddef.h>

enum { NOVACONF_VALUE_MAX = 128 };

/* Finds the last value of a setting in a text of oslo.config's form. Returns 1 and the value, 0 if
 * it is not set there. Longer values are cut. Pure. */
int novaconf_find(const char *text, const char *section, const char *name,
		  char value[NOVACONF_VALUE_MAX]);

/* Reads the file; the caller frees *text. Returns 0, or -1 with e filled; e->sys is ENOENT or
 * EACCES if it is missing or not for us. */
int novaconf_load(const char *path, char **text, struct err *e);

#endif
