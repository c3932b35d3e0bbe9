/* hex: lower-case hexadecimal digits, in which digests, content keys and object ids are written. */
#ifndef HORNERO_LIB_HEX_H
#define HORNERO_LIB_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* Whether s is exactly that many digits. */
bool hex_is(const char *s, size_t digits);

/* Whether s is a full Git object id: 40 digits (SHA-1) or 64 (SHA-256). */
bool hex_is_oid(const char *s);

#endif
