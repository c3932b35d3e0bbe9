/*
 * grub: GRUB's part of a disk: boot sector, core image, and program for UEFI.
 *
 * The command line is embedded in the image. GRUB's rescue parser reads it: there is no menu, and
 * no file on the disk that a guest could change to boot something else.
 */
#ifndef HORNERO_AGENT_SANDBOXED_KERNEL2DISK_GRUB_H
#define HORNERO_AGENT_SANDBOXED_KERNEL2DISK_GRUB_H

#include "agent/sandboxed/kernel2disk/kernel.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { GRUB_MODULES_MAX = 8, GRUB_BOOT_BYTES = 440 };

/* Names on the FAT partition. */
#define GRUB_KERNEL "KERNEL"
#define GRUB_INITRD "INITRD"
#define GRUB_MODULE "MODULE%zu"

struct grub_load {
	enum kernel_type type;
	const char *cmdline; /* as check_cmdline */
	bool has_initrd;
	const char *modules[GRUB_MODULES_MAX]; /* the text of each; as check_cmdline */
	size_t nmodules;
};

/* Makes the image for BIOS, or UEFI, as the new file `path`. kept: a file as in core.h, or -1.
 * Returns 0, or -1: ERR_OPERATOR if GRUB's files are missing. */
int grub_image(const struct grub_load *load, bool uefi, int kept, const char *dir, const char *path,
	       struct err *e);

/* Reads the code of the boot sector. */
int grub_boot_sector(unsigned char out[GRUB_BOOT_BYTES], struct err *e);

#endif
