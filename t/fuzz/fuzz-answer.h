/* fuzz-answer: see fuzz-answer.c. */
#ifndef HORNERO_T_FUZZ_ANSWER_H
#define HORNERO_T_FUZZ_ANSWER_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
