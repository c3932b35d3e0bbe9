/*
 * guesttime: measures how long a guest could have run, independent of the node's load. Pure, apart
 * from guesttime_read.
 *
 * The wall clock would blame the image for the quota of its build and for emulation. So the
 * kernel's account of QEMU's threads (schedstat) is split into three:
 * - Time on a CPU counts a tenth, because emulation takes ten times as long as hardware.
 * - Time that a thread waits for a CPU, due to the quota or other load, does not count.
 * - The rest, when the guest itself waits, counts in full.
 */
#ifndef HORNERO_AGENT_SANDBOXED_BOOT_GUESTTIME_H
#define HORNERO_AGENT_SANDBOXED_BOOT_GUESTTIME_H

#include <stdint.h>
#include <sys/types.h>

enum {
	GUESTTIME_EMULATION = 10, /* how much slower an emulated CPU is */
	/* at most this much counts between two looks: if more passed, we were stopped as well */
	GUESTTIME_GAP_MS = 1000,
};

/* Sums over all threads since they started. */
struct guesttime_use {
	int64_t run_ns, wait_ns;
};

struct guesttime {
	struct guesttime_use last;
	int64_t last_ns; /* monotonic */
	int64_t run_ns, idle_ns;
};

/* All zero if the kernel keeps no account: then the wall clock counts. */
void guesttime_read(pid_t pid, struct guesttime_use *out);

void guesttime_begin(struct guesttime *t, int64_t now_ns);
/* Returns the guest's time until now, in ms. */
int64_t guesttime_look(struct guesttime *t, int64_t now_ns, const struct guesttime_use *now);

#endif
