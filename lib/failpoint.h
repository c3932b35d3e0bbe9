/*
 * failpoint: where tests make us die.
 *
 * failpoint("publish-before-rename") does nothing unless the configuration
 * names that point (key `failpoint`, never the environment, which a pusher may
 * own). `NAME` or `NAME:kill` is SIGKILL to ourselves, `NAME:stop` is SIGSTOP,
 * `NAME:exit` is _exit(1). HACKING.md lists the names.
 */
#ifndef HORNERO_LIB_FAILPOINT_H
#define HORNERO_LIB_FAILPOINT_H

/* spec is borrowed for the life of the process; NULL or "" disarms. */
void failpoint_arm(const char *spec);
void failpoint(const char *name);

#endif
