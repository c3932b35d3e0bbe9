/* bytes: sizes for humans, in binary units. Pure. */
#ifndef HORNERO_LIB_BYTES_H
#define HORNERO_LIB_BYTES_H

#include <stdint.h>

enum { BYTES_WORDS = 48 };

/* Formats bytes as "1.5 MiB". Returns buf. */
const char *bytes_words(char buf[BYTES_WORDS], int64_t bytes);

#endif
