/* One input for the reading of what handover.c reads, of libFuzzer or of the corpus: a broken
 * promise aborts. */
#ifndef HORNERO_T_FUZZ_FUZZ_HANDOVER_H
#define HORNERO_T_FUZZ_FUZZ_HANDOVER_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
