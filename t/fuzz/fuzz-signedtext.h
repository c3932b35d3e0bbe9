/* fuzz-signedtext: see fuzz-signedtext.c. */
#ifndef HORNERO_T_FUZZ_SIGNEDTEXT_H
#define HORNERO_T_FUZZ_SIGNEDTEXT_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
