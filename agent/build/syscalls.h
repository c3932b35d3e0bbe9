/*
 * syscalls: the system calls that a sandbox may use. Only this file uses libseccomp.
 *
 *     int filters[SYSCALLS_FILTERS];
 *     syscalls_filters(filters, e)     once per supervisor
 *     … rewind both, and pass them to bubblewrap as --add-seccomp-fd …
 *
 * There are two filters, and a call must pass both. The first filters by number: it allows those of
 * Linux 5.17 that builds need, refuses (EPERM) those that only affect the kernel or other
 * processes, and hides (ENOSYS) newer ones and those of other architectures, so that libraries fall
 * back. The second filters by arguments: no new namespaces, no exotic sockets, no typing into a
 * terminal. No process is killed: a refused call shows in the build's own output.
 */
#ifndef HORNERO_AGENT_BUILD_SYSCALLS_H
#define HORNERO_AGENT_BUILD_SYSCALLS_H

#include "lib/err.h"

enum { SYSCALLS_FILTERS = 2 };

/* Returns 0 with both filters as open memory files, which the caller closes, or -1 on error. */
int syscalls_filters(int filters[SYSCALLS_FILTERS], struct err *e);

#endif
