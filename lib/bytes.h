/* bytes: sizes in the words people use. Pure. */
#ifndef HORNERO_LIB_BYTES_H
#define HORNERO_LIB_BYTES_H

#include <stdint.h>

enum { BYTES_WORDS = 48 };

/* "1.5 MiB"; returns buf. */
const char *bytes_words(char buf[BYTES_WORDS], int64_t bytes);

#endif
