/*
 * disk: lays out a RAW disk that boots a kernel, and fills it.
 *
 *     sector 0   GRUB's boot code, and a partition table with one entry, as Nova wants it
 *     sector 1   with a BIOS: GRUB's core image
 *     from the next multiple of 64 KiB to the end: a FAT with the kernel, initrd and modules, and
 *                with UEFI EFI/BOOT/BOOTX64.EFI
 *
 * The disk is as small as that allows, a multiple of 64 KiB. The same input gives the same bytes.
 */
#ifndef HORNERO_AGENT_SANDBOXED_KERNEL2DISK_DISK_H
#define HORNERO_AGENT_SANDBOXED_KERNEL2DISK_DISK_H

#include "agent/sandboxed/kernel2disk/grub.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Descriptors of the program: the initrd, the first of the modules, and the kept file. */
enum {
	DISK_INITRD_FD = 10,
	DISK_MODULES_FD = 11,
	DISK_KEPT_FD = DISK_MODULES_FD + GRUB_MODULES_MAX,
};

struct disk {
	struct grub_load load;
	bool bios, uefi;
	int kernel, initrd; /* open for reading; initrd is used if load.has_initrd */
	int modules[GRUB_MODULES_MAX];
	int kept;            /* as in core.h, or -1 */
	uint64_t max_bytes;
	const char *dir; /* for temporary files */
};

/* Fills out, which is empty and can be reopened by our user. Returns 0, or -1 on error: ERR_PUSHER
 * if the disk would be too large. */
int disk_make(const struct disk *d, int out, struct err *e);

#endif
