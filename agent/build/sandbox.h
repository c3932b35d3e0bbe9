/*
 * sandbox: builds bubblewrap's command line.
 *
 * Every stage gets its own user, mount, PID, IPC, UTS, cgroup and network namespaces (loopback
 * only), no capabilities, no new privileges, its own session, /usr and named files of /etc
 * read-only, a fresh /proc, /dev and /tmp, and an environment of its own. It is killed with its
 * parent. It sees nothing else of the node unless added here, and only the system calls that
 * agent/build/syscalls.h allows.
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

/* bwrap reports on descriptor status_fd when the command has started and how it ended. It reads the
 * system call filters from filter_fd and the descriptors after it. */
void sandbox_begin(struct args *a, int status_fd, int filter_fd);
/* The same for a program of ours that looks up no names: without the files of /etc. bubblewrap
 * reads the table of all mounts for each file that it shows. */
void sandbox_begin_own(struct args *a, int status_fd, int filter_fd);
/* As sandbox_begin, but the command has the network namespace of its parent. */
void sandbox_begin_network(struct args *a, int status_fd, int filter_fd);
/* how: "--bind", "--ro-bind", "--ro-bind-try", "--dev-bind-try". */
void sandbox_bind(struct args *a, const char *how, const char *from, const char *to);
void sandbox_env(struct args *a, const char *name, const char *value);
/* Ends the options of bwrap; the command follows. */
void sandbox_command(struct args *a);

/* After the name of a program of ours, which sees no configuration: arms its failpoint. spec may be
 * NULL. */
void sandbox_failpoint(struct args *a, const char *spec);

#endif
