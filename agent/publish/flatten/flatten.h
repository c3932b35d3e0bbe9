/*
 * flatten: hornero-flatten makes one disk of an instance independent of its base, so that the base
 * can be replaced. The guest sees the same bytes before, during and after.
 *
 *     main.c       checks that Nova made the disk on this base, that nobody else uses it and that
 *                  there is room; picks pull or rebase; syncs the disk
 *     pull.c       uses the running domain's QEMU, through libvirt; only this file knows libvirt
 *     rebase.c     uses qemu-img, while no domain has the disk open
 *     parent.c     progress to, and signals from, the publisher
 *
 * Writes lines to standard output for the publisher: "progress DONE TOTAL" at least once a second,
 * and "refused TEXT" if it cannot be done now. The disk names its base, and is complete with it,
 * until all bytes that it needs from there are in it and durable. A SIGKILL of any of the processes
 * therefore leaves the disk either as it was or independent.
 */
#ifndef HORNERO_AGENT_PUBLISH_FLATTEN_FLATTEN_H
#define HORNERO_AGENT_PUBLISH_FLATTEN_FLATTEN_H

#include "conf/conf.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

struct flatten {
	const struct conf *conf;
	const char *disk; /* absolute path, as libvirt spells it */
	const char *base; /* absolute path of its base, spelled the same way */
	int signals;      /* signalfd: readable after SIGTERM or SIGINT */
};

/* parent.c */
/* Waits up to timeout_ms for fd to become readable; fd -1 only waits. Returns 0, or -1 with
 * ERR_NOBODY if a signal told us to end. */
int flatten_pause(const struct flatten *f, int fd, int timeout_ms, struct err *e);

void flatten_progress(int64_t done, int64_t total);

/* Has the QEMU of the running domain pull the base into the disk. Returns 1 if done, 0 if no
 * running domain has the disk, -1 on error. ERR_NOBODY also if libvirt does not answer, another
 * block job is running, or the domain was saved to be restored with this disk. */
int pull_run(const struct flatten *f, struct err *e);

/* Runs qemu-img. It takes the base from us and follows nothing in the header. It refuses if a QEMU
 * has the disk open, and its lock keeps a QEMU that starts meanwhile from opening the disk. */
int rebase_run(const struct flatten *f, struct err *e);

#endif
