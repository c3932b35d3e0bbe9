/* fuzz-pushopt: see fuzz-pushopt.c. */
#ifndef HORNERO_T_FUZZ_PUSHOPT_H
#define HORNERO_T_FUZZ_PUSHOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
