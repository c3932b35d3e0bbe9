/*
 * boot: start a disk in an emulated PC and wait for a line on its console.
 *
 *     boot_run(disk, &wish, &took_ms, e)
 *
 * What the guest writes goes to a layer that is gone with QEMU; it has a virtio disk, a serial port and memory, and
 * no network. The console is copied to standard output.
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
};

/* disk: open for reading. 0: the line came, *took_ms into the guest's time; QEMU is gone. ERR_PUSHER says why it did
 * not and what the console said last; ERR_OPERATOR where QEMU does not start, ERR_NOBODY where somebody killed it. */
int boot_run(int disk, const struct boot *b, int64_t *took_ms, struct err *e);

#endif
