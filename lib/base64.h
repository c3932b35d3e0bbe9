/* base64: RFC 4648 with padding, strict: one spelling for each sequence of bytes. Pure. */
#ifndef HORNERO_LIB_BASE64_H
#define HORNERO_LIB_BASE64_H

#include <stddef.h>
#include <sys/types.h>

/* Bytes that text decodes to, at most size of them in out; -1: no base64, blanks or bits too many, or too long. */
ssize_t base64_decode(const char *text, unsigned char *out, size_t size);

/* Room for the text of n bytes, its terminator included. */
#define BASE64_ROOM(n) (((n) + 2) / 3 * 4 + 1)

/* out has BASE64_ROOM(len) bytes. Returns out. */
char *base64_encode(char *out, const unsigned char *data, size_t len);

#endif
