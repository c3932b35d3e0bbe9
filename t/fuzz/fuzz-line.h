/* fuzz-line: see fuzz-line.c. */
#ifndef HORNERO_T_FUZZ_LINE_H
#define HORNERO_T_FUZZ_LINE_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
