/* fuzz-overlay: see fuzz-overlay.c. */
#ifndef HORNERO_T_FUZZ_FUZZ_OVERLAY_H
#define HORNERO_T_FUZZ_FUZZ_OVERLAY_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
