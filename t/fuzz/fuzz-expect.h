/* fuzz-expect: see fuzz-expect.c. */
#ifndef HORNERO_T_FUZZ_EXPECT_H
#define HORNERO_T_FUZZ_EXPECT_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
