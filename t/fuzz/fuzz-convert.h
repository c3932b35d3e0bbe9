/* fuzz-convert: see fuzz-convert.c. */
#ifndef HORNERO_T_FUZZ_CONVERT_H
#define HORNERO_T_FUZZ_CONVERT_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
