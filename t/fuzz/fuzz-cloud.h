/* fuzz-cloud: see fuzz-cloud.c. */
#ifndef HORNERO_T_FUZZ_CLOUD_H
#define HORNERO_T_FUZZ_CLOUD_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
