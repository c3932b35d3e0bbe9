/*
 * guesttime: how long a guest could have run, whatever the node let it have. Pure but for guesttime_read.
 *
 * The wall clock would blame the image for the quota of its build and for emulation. So three things are told
 * apart, by the kernel's own account of QEMU's threads (schedstat): time on a CPU, of which emulation makes ten
 * times as much as the hardware would, counts a tenth; time that a thread waits for a CPU, because of the quota
 * or of others, counts nothing; the rest, when the guest itself waits, counts in full.
 */
#ifndef HORNERO_AGENT_SANDBOXED_BOOT_GUESTTIME_H
#define HORNERO_AGENT_SANDBOXED_BOOT_GUESTTIME_H

#include <stdint.h>
#include <sys/types.h>

enum {
	GUESTTIME_EMULATION = 10, /* how much slower a CPU is when it is emulated */
	GUESTTIME_GAP_MS = 1000,  /* between two looks no more than this counts: we were stopped as well */
};

/* Sums over all threads, since they began. */
struct guesttime_use {
	int64_t run_ns, wait_ns;
};

struct guesttime {
	struct guesttime_use last;
	int64_t last_ns; /* monotonic */
	int64_t run_ns, idle_ns;
};

/* All zero on a kernel that keeps no account: then the wall clock counts. */
void guesttime_read(pid_t pid, struct guesttime_use *out);

void guesttime_begin(struct guesttime *t, int64_t now_ns);
/* The guest's time until now, in ms. */
int64_t guesttime_look(struct guesttime *t, int64_t now_ns, const struct guesttime_use *now);

#endif
