/* fuzz-refline: see fuzz-refline.c. */
#ifndef HORNERO_T_FUZZ_REFLINE_H
#define HORNERO_T_FUZZ_REFLINE_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
