/*
 * imghead: is a file what it is said to be, by its first bytes and its last? Pure.
 *
 * imghead_raw asks what Nova asks, and more, since a warm base is booted without being asked again:
 * - Nova 30 (2024.2) and later inspect a base with 55AA at offset 510: four boot flags of 00 or 80, at
 *   least one partition type that is not 0, a protective GPT entry alone and starting at LBA 1
 *   (oslo.utils imageutils/format_inspector.py, GPTInspector). A FAT file system's boot sector, and no
 *   55AA at all, pass. Debian 12's Nova (26) is older than this rule.
 * - The head of any other format is refused: a "RAW" that is one makes whoever guesses formats read
 *   host files (CVE-2024-32498, CVE-2026-24708).
 * - A kernel, an archive or a compressed file is no disk, and the message says what to do.
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
	const unsigned char *head; /* the first bytes, IMGHEAD_HEAD of them where the file has as many */
	size_t head_len;
	const unsigned char *tail; /* the last bytes, IMGHEAD_TAIL of them where the file has as many */
	size_t tail_len;
	uint64_t size; /* of the whole file */
};

/* A RAW disk of at most max bytes, or ERR_PUSHER with what to do. *note: advice where it passes but may
 * surprise, else NULL; static storage. */
int imghead_raw(const struct imghead *h, uint64_t max, const char **note, struct err *e);

/* A qcow2 that depends on nothing outside itself. *size is its virtual size, at most max. Only its header is
 * read here, so that qemu-img never opens one that names other files. */
int imghead_qcow2(const struct imghead *h, uint64_t max, uint64_t *size, struct err *e);

#endif
