/* listen: the sockets of door_listen. */
#ifndef HORNERO_DOOR_LISTEN_H
#define HORNERO_DOOR_LISTEN_H

#include "conf/check.h"
#include "conf/conf.h"
#include "lib/err.h"

#include <stddef.h>

enum { LISTEN_MAX = CHECK_LISTEN_MAX };

/* Opens all of them, non-blocking, and logs each with its port. On failure the first *n are open,
 * too. */
int listen_open(const struct conf *c, int sockets[LISTEN_MAX], size_t *n, struct err *e);

#endif
