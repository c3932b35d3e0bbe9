/*
 * check: a builder's artifact becomes the RAW that Nova will boot, or is refused with a reason.
 *
 *     check_make_raw(in, out, CHECK_QCOW2, max, e)     out holds the RAW, sparse
 *     check_inspect(out, max, &note, e)                …which is a disk that Nova takes
 *
 * The format is the operator's word, never guessed: qemu-img is always told. It runs in this
 * sandbox, on descriptors, and only after imghead.h has seen that the image names no other file.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECK_CHECK_H
#define HORNERO_AGENT_SANDBOXED_CHECK_CHECK_H

#include "lib/err.h"

#include <stdint.h>

enum check_format { CHECK_RAW, CHECK_QCOW2 };

/* From `in` (a regular file, readable) into `out` (empty, open for reading and writing, and openable again
 * by our user: qemu-img is given /proc/self/fd). max bounds the virtual size in bytes. Not durable. */
int check_make_raw(int in, int out, enum check_format format, uint64_t max, struct err *e);

/* ERR_PUSHER where the RAW is no disk that Nova would take. *note as in imghead.h. */
int check_inspect(int fd, uint64_t max, const char **note, struct err *e);

#endif
