/*
 * boot: starts a disk in an emulated PC and waits for a line on its console.
 *
 *     boot_run(disk, &boot, &took_ms, e)
 *
 * The guest's writes go to a temporary layer that ends with QEMU. The guest has a disk, a serial
 * port and memory, but no network. The console is copied to standard output.
 */
#ifndef HORNERO_AGENT_SANDBOXED_BOOT_BOOT_H
#define HORNERO_AGENT_SANDBOXED_BOOT_BOOT_H

#include "lib/err.h"

#include <stdint.h>

struct boot {
	const char *expect; /* conf/expect.h */
	int64_t timeout_s;  /* in the guest's time: guesttime.h */
	int64_t memory_mib;
	const char *machine; /* QEMU's name */
	const char *bus; /* virtio, ide or scsi */
	const char *firmware; /* a file; NULL: QEMU's BIOS */
};

/* disk is open for reading. Stores the guest's time in *took_ms and stops QEMU. Returns 0 if the
 * line came, or -1 on error: ERR_PUSHER says why it did not come and what the console printed last,
 * ERR_OPERATOR if QEMU does not start, ERR_NOBODY if QEMU was killed. */
int boot_run(int disk, const struct boot *b, int64_t *took_ms, struct err *e);

#endif
