/* fuzz-range: see fuzz-range.c. */
#ifndef HORNERO_T_FUZZ_RANGE_H
#define HORNERO_T_FUZZ_RANGE_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
