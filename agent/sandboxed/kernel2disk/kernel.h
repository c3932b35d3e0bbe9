/*
 * kernel: finds out how GRUB can start a kernel, and refuses one that it could not load. Pure.
 *
 * The bytes are a pusher's. Only the first KERNEL_HEAD bytes are read: GRUB wants a multiboot
 * header and the program headers there. The checks are GRUB's own (2.06, loader/multiboot*.c),
 * because a refusal now says more than a guest that stands still.
 */
#ifndef HORNERO_AGENT_SANDBOXED_KERNEL2DISK_KERNEL_H
#define HORNERO_AGENT_SANDBOXED_KERNEL2DISK_KERNEL_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

enum { KERNEL_HEAD = 32768, KERNEL_SEGMENTS_MAX = 256 };

enum kernel_type { KERNEL_MULTIBOOT, KERNEL_MULTIBOOT2, KERNEL_LINUX };

struct kernel {
	enum kernel_type type;
	/* Where in the head are the types of empty LOAD segments. GRUB refuses these ("overlap
	 * detected"): write 4 zero bytes (PT_NULL) there. */
	uint32_t empty[KERNEL_SEGMENTS_MAX];
	size_t n_empty;
};

/* head has the first KERNEL_HEAD bytes of the kernel, or all `len` if it has fewer; size is that
 * of the file. Returns 0, or -1 with ERR_PUSHER: what is wrong and what to do. */
int kernel_look(const unsigned char *head, size_t len, uint64_t size, struct kernel *out,
		struct err *e);

#endif
