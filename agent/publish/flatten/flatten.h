/*
 * flatten: hornero-flatten makes one disk of an instance independent of its base, so that the base may be
 * replaced. Its bytes, as the guest sees them, stay.
 *
 *     main.c           whether Nova made the disk on this base, is nobody else at it, is there room, who does it; durable at last
 *     pull.c           by the running domain's QEMU, through libvirt; only here is libvirt known
 *     rebase.c         by qemu-img, while no domain has the disk open
 *     parent.c         what both hear from, and tell, the publisher
 *
 * On standard output, for the publisher: lines "progress DONE TOTAL", one a second at the least, and "refused TEXT"
 * where it cannot be done now. The disk is backed and whole until everything it needs from below is in it and durable:
 * a SIGKILL of any of the processes leaves it either so or independent.
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
	const char *base; /* the same, of what it stands on */
	int signals;      /* readable when we were told to end */
};

/* parent.c */
/* Waits up to timeout_ms, also for fd (-1: none) to become readable. ERR_NOBODY where we were told to end. */
int flatten_pause(const struct flatten *f, int fd, int timeout_ms, struct err *e);

void flatten_progress(int64_t done, int64_t total);

/* Where a domain has the disk and is running: by its QEMU. 1 done, 0 no running domain has it, -1. ERR_NOBODY also where
 * libvirt does not answer, another block job is under way, or the domain was saved to be restored with this disk. */
int pull_run(const struct flatten *f, struct err *e);

/* By qemu-img, which is told what the base is, follows nothing of the header, refuses where a QEMU has the disk open, and keeps one that starts from opening it. */
int rebase_run(const struct flatten *f, struct err *e);

#endif
