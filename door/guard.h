/* guard: ends a process whose libssh does not return. If one turn of the loop uses GUARD_CPU_S of
 * processor time, the kernel ends the process (SIGPROF) and the listener logs it. It is not wall
 * time: on a loaded machine a turn may take long. */
#ifndef HORNERO_DOOR_GUARD_H
#define HORNERO_DOOR_GUARD_H

enum { GUARD_CPU_S = 5 };

/* Gives the process GUARD_CPU_S from now. Its children do not count. */
void guard_renew(void);

#endif
