/* limit: what hornero-serve, which reads what any client sends, can still do. */
#ifndef HORNERO_SERVE_LIMIT_H
#define HORNERO_SERVE_LIMIT_H

#include "lib/err.h"

#include <stddef.h>

/* For the rest of this process's life: only files beneath this directory, only for reading; only
 * the system calls that serving needs; no further program. Sockets must be open already. */
int limit_self(const char *dir, size_t connections, struct err *e);

#endif
