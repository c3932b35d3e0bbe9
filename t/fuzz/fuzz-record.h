/* fuzz-record: see fuzz-record.c. */
#ifndef HORNERO_T_FUZZ_FUZZ_RECORD_H
#define HORNERO_T_FUZZ_FUZZ_RECORD_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
