/*
 * failpoint: points at which tests stop or kill the process.
 *
 * failpoint("publish-before-rename") does nothing unless the configuration names that point (key
 * `failpoint`; never the environment, which a pusher may control). `NAME` or `NAME:kill` sends
 * SIGKILL to the process, `NAME:stop` sends SIGSTOP, `NAME:exit` calls _exit(1). HACKING.md tells
 * how to list the names.
 */
#ifndef HORNERO_LIB_FAILPOINT_H
#define HORNERO_LIB_FAILPOINT_H

/* spec must stay valid for the life of the process; NULL or "" disarms. */
void failpoint_arm(const char *spec);
void failpoint(const char *name);

#endif
