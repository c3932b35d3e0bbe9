/* tool: runs a program of GRUB or mtools. */
#ifndef HORNERO_AGENT_SANDBOXED_KERNEL2DISK_TOOL_H
#define HORNERO_AGENT_SANDBOXED_KERNEL2DISK_TOOL_H

#include "lib/args.h"
#include "lib/err.h"
#include "lib/spawn.h"

/* Runs it with these descriptors to its end. It sees a fixed clock and time zone, so that its
 * output depends on its input alone. Returns 0, or -1 with e filled: ERR_OPERATOR with the first
 * line that it printed, ERR_NOBODY if a disk is full. */
int tool_run(struct args *words, const struct spawn_fd *fds, size_t nfds, struct err *e);

#endif
