/* listen: opens the listening sockets of a setting that lists addresses. */
#ifndef HORNERO_LIB_LISTEN_H
#define HORNERO_LIB_LISTEN_H

#include "lib/err.h"

#include <stddef.h>

enum { LISTEN_MAX = 8 };

/* The setting, for messages: its name, its value as check_listen() (conf/check.h) has accepted it,
 * and its file. */
struct listen_setting {
	const char *name, *value, *file;
};

/* Opens all of them, non-blocking, and logs each with its port. On failure the first *n are open,
 * too. */
int listen_open(const struct listen_setting *s, int sockets[LISTEN_MAX], size_t *n, struct err *e);

#endif
