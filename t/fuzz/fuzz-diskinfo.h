/* One input for the reading of what diskinfo.c reads, of libFuzzer or of the corpus: a broken
 * promise aborts. */
#ifndef HORNERO_T_FUZZ_FUZZ_DISKINFO_H
#define HORNERO_T_FUZZ_FUZZ_DISKINFO_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
