/*
 * check: converts a builder's artifact to the RAW that Nova boots, or refuses it with a reason.
 *
 *     check_make_raw(in, out, CHECK_QCOW2, max, e)     fill out with the RAW, sparse
 *     check_inspect(out, max, &note, e)                check that Nova takes it as a disk
 *
 * The operator names the format; it is never guessed, and qemu-img is always told. qemu-img runs in
 * this sandbox, on descriptors, and only after imghead.h has checked that the image names no other
 * file.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECK_CHECK_H
#define HORNERO_AGENT_SANDBOXED_CHECK_CHECK_H

#include "lib/err.h"

#include <stdint.h>

enum check_format { CHECK_RAW, CHECK_QCOW2 };

/* Converts `in` (a regular file, readable) to `out`, which is empty, open for reading and writing,
 * and can be reopened by our user, because qemu-img gets /proc/self/fd. max bounds the virtual size
 * in bytes. Not durable. */
int check_make_raw(int in, int out, enum check_format format, uint64_t max, struct err *e);

/* From now on no process here, and none that it starts, can write a file beyond max bytes. */
void check_bound_files(uint64_t max);

/* ERR_PUSHER if Nova would refuse the RAW. *note as in imghead.h. */
int check_inspect(int fd, uint64_t max, const char **note, struct err *e);

#endif
