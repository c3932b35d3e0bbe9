/*
 * header: what the boot header of a kernel asks of GRUB: a multiboot or multiboot2 header, or that
 * of Linux. Refuses what GRUB refuses (2.06, loader/multiboot*.c and loader/i386/linux.c), and what
 * makes it hang. Pure; the bytes are a pusher's.
 */
#ifndef HORNERO_AGENT_SANDBOXED_KERNEL2DISK_HEADER_H
#define HORNERO_AGENT_SANDBOXED_KERNEL2DISK_HEADER_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* head[0..len) is the start of a kernel of `size` bytes, and its header is at `at`, with 12 bytes
 * (multiboot) or 16 (multiboot2) in head. Set *addressed: the header itself says where the kernel
 * is loaded, and GRUB does not read it as an ELF. Return 0, or -1 with ERR_PUSHER. */
int header_mb1(const unsigned char *head, size_t len, size_t at, uint64_t size, bool *addressed,
	       struct err *e);
int header_mb2(const unsigned char *head, size_t len, size_t at, bool *addressed, struct err *e);

/* head has 0x264 bytes at least. Returns 0, or -1 with ERR_PUSHER. */
int header_linux(const unsigned char *head, uint64_t size, struct err *e);

static inline uint32_t header_le32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
