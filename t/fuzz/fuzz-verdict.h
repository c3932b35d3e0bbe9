/* fuzz-verdict: see fuzz-verdict.c. */
#ifndef HORNERO_T_FUZZ_FUZZ_VERDICT_H
#define HORNERO_T_FUZZ_FUZZ_VERDICT_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
