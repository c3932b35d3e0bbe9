/* fuzz-treeindex: see fuzz-treeindex.c. */
#ifndef HORNERO_T_FUZZ_TREEINDEX_H
#define HORNERO_T_FUZZ_TREEINDEX_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
