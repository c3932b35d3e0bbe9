/* shaplain: SHA-256 (FIPS 180-4) without libcrypto, for small texts in programs that start often:
 * loading libcrypto takes longer than all else that hornero-hook does. Elsewhere use lib/sha.h. */
#ifndef HORNERO_LIB_SHAPLAIN_H
#define HORNERO_LIB_SHAPLAIN_H

#include <stddef.h>

enum { SHAPLAIN_BYTES = 32, SHAPLAIN_HEX = 64 };

void shaplain(const void *data, size_t len, unsigned char out[SHAPLAIN_BYTES]);

/* As 64 lower-case hexadecimal digits. Returns out. */
char *shaplain_hex(const void *data, size_t len, char out[SHAPLAIN_HEX + 1]);

#endif
