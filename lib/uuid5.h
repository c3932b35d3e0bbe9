/* uuid5: derives an id from another id and a name (UUIDv5 of RFC 4122). Separate from uuid.h,
 * because the hooks use that and do without libcrypto. */
#ifndef HORNERO_LIB_UUID5_H
#define HORNERO_LIB_UUID5_H

#include "lib/err.h"
#include "lib/uuid.h"

#include <stddef.h>

enum { UUID5_NAME_MAX = 256 };

/* space is a canonical UUID. name is any text of at most UUID5_NAME_MAX bytes; its terminator does
 * not count. Returns 0, or -1 with e filled: ERR_US for other arguments, ERR_OPERATOR if libcrypto
 * refuses SHA-1. */
int uuid5(const char *space, const char *name, char out[UUID_LEN + 1], struct err *e);

#endif
