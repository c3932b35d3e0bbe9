/*
 * imghead: checks by its first and last bytes that a file is of the claimed format. Pure.
 *
 * imghead_raw checks what Nova checks, and more, because a warm base is booted without another
 * check:
 * - Nova 30 (2024.2) and later inspect a base with 55AA at offset 510: four boot flags of 00 or 80,
 *   at least one partition type that is not 0, a protective GPT entry alone and starting at LBA 1
 *   (oslo.utils imageutils/format_inspector.py, GPTInspector). The boot sector of a FAT file system
 *   passes, and so does a disk without 55AA. Debian 12's Nova (26) is older than this rule.
 * - The head of any other format is refused: a tool that guesses formats would read host files for
 *   such a "RAW" (CVE-2024-32498, CVE-2026-24708).
 * - A kernel, an archive or a compressed file is not a disk; the message says what to do.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECK_IMGHEAD_H
#define HORNERO_AGENT_SANDBOXED_CHECK_IMGHEAD_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
	IMGHEAD_HEAD = 36864, /* reaches past the volume descriptor of ISO 9660 at 32768 */
	IMGHEAD_TAIL = 512,
};

struct imghead {
	const unsigned char *head; /* the first IMGHEAD_HEAD bytes, or all if the file has fewer */
	size_t head_len;
	const unsigned char *tail; /* the last IMGHEAD_TAIL bytes, or all if the file has fewer */
	size_t tail_len;
	uint64_t size; /* of the whole file */
};

/* Accepts a RAW disk of at most max bytes. Returns 0, or -1 on error: ERR_PUSHER with the remedy.
 * *note is advice if the disk passes but may surprise, else NULL; static storage. */
int imghead_raw(const struct imghead *h, uint64_t max, const char **note, struct err *e);

/* Accepts a qcow2 that depends on no other file. *size is its virtual size, at most max. Reads the
 * header only, so that qemu-img never opens an image that names other files. */
int imghead_qcow2(const struct imghead *h, uint64_t max, uint64_t *size, struct err *e);

#endif
