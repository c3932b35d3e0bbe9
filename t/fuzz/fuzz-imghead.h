/* fuzz-imghead: see fuzz-imghead.c. */
#ifndef HORNERO_T_FUZZ_IMGHEAD_H
#define HORNERO_T_FUZZ_IMGHEAD_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
