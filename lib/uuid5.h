/* uuid5: an id made of another id and a name: UUIDv5 of RFC 4122. Apart from uuid.h, which the hooks
 * use: they do without libcrypto. */
#ifndef HORNERO_LIB_UUID5_H
#define HORNERO_LIB_UUID5_H

#include "lib/err.h"
#include "lib/uuid.h"

#include <stddef.h>

enum { UUID5_NAME_MAX = 256 };

/* The namespace is a canonical UUID, the name any text of at most UUID5_NAME_MAX bytes: its bytes count, without
 * terminator. ERR_US where either is not so, ERR_OPERATOR where libcrypto refuses SHA-1. */
int uuid5(const char *space, const char *name, char out[UUID_LEN + 1], struct err *e);

#endif
