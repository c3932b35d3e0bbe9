/*
 * sandbox: the words that make bubblewrap close its walls.
 *
 * Every stage: own user, mount, PID, IPC, UTS, cgroup and network namespaces (loopback up, nothing
 * else), no capabilities, no new privileges, own session, /usr and named files of /etc read-only,
 * a fresh /proc, /dev and /tmp, an environment of its own, killed with its parent. Nothing of the
 * node is seen but what is added here, and of the kernel only what agent/build/syscalls.h lets through.
 *
 *     own_args struct args a = ARGS_INIT;
 *     sandbox_begin(&a, STATUS_FD, FIRST_FILTER_FD);
 *     sandbox_bind(&a, "--bind", work, "/work");
 *     sandbox_command(&a);
 *     args_add(&a, "/hornero-checkout"); …
 */
#ifndef HORNERO_AGENT_BUILD_SANDBOX_H
#define HORNERO_AGENT_BUILD_SANDBOX_H

#include "lib/args.h"

/* bwrap reports on descriptor status_fd when the command has started and how it ended; it reads the system call
 * filters from filter_fd and the descriptors behind it. */
void sandbox_begin(struct args *a, int status_fd, int filter_fd);
/* how: "--bind", "--ro-bind", "--ro-bind-try", "--dev-bind-try". */
void sandbox_bind(struct args *a, const char *how, const char *from, const char *to);
void sandbox_env(struct args *a, const char *name, const char *value);
/* No more sandbox words: the command follows. */
void sandbox_command(struct args *a);

#endif
