/* fuzz-novaconf: see fuzz-novaconf.c. */
#ifndef HORNERO_T_FUZZ_NOVACONF_H
#define HORNERO_T_FUZZ_NOVACONF_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
