/* fuzz-reply: see fuzz-reply.c. */
#ifndef HORNERO_T_FUZZ_REPLY_H
#define HORNERO_T_FUZZ_REPLY_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
