/* base64: RFC 4648 with padding. Strict: each byte sequence has exactly one spelling. Pure. */
#ifndef HORNERO_LIB_BASE64_H
#define HORNERO_LIB_BASE64_H

#include <stddef.h>
#include <sys/types.h>

/* Decodes text into out, which has size bytes. Returns the number of bytes, or -1 if text is not
 * base64, contains blanks, has non-zero padding bits, or does not fit. */
ssize_t base64_decode(const char *text, unsigned char *out, size_t size);

/* Size of the text for n bytes, including the terminator. */
#define BASE64_ROOM(n) (((n) + 2) / 3 * 4 + 1)

/* out must have BASE64_ROOM(len) bytes. Returns out. */
char *base64_encode(char *out, const unsigned char *data, size_t len);

#endif
