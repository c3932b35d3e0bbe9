/* fuzz-keys: see fuzz-keys.c. */
#ifndef HORNERO_T_FUZZ_KEYS_H
#define HORNERO_T_FUZZ_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
