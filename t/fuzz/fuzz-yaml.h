/* fuzz-yaml: see fuzz-yaml.c. */
#ifndef HORNERO_T_FUZZ_YAML_H
#define HORNERO_T_FUZZ_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
