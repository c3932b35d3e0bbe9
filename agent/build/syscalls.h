/*
 * syscalls: what may be asked of the kernel in a sandbox. The only file that knows libseccomp.
 *
 *     int filters[SYSCALLS_FILTERS];
 *     syscalls_filters(filters, e)     once per supervisor
 *     … rewind both, and hand them to bubblewrap as --add-seccomp-fd …
 *
 * Two filters, and both must agree. The first goes by number: what builds need of the system calls of Linux 5.17
 * passes, what only reaches for the kernel or for others is refused (EPERM), and whatever is newer or of another
 * machine word is not there (ENOSYS), so that libraries fall back. The second goes by arguments: no new namespaces,
 * no exotic sockets, nothing typed into a terminal. Nobody is killed: a refused call shows in the build's own words.
 */
#ifndef HORNERO_AGENT_BUILD_SYSCALLS_H
#define HORNERO_AGENT_BUILD_SYSCALLS_H

#include "lib/err.h"

enum { SYSCALLS_FILTERS = 2 };

/* Both as open memory files, the caller's. */
int syscalls_filters(int filters[SYSCALLS_FILTERS], struct err *e);

#endif
