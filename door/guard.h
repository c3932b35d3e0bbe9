/* guard: against a libssh that does not come back. A process that needs GUARD_CPU_S of the processor for one turn of its loop
 * is ended by the kernel (SIGPROF), and whoever started it says so. Processor time, not time: a loaded machine is no reason. */
#ifndef HORNERO_DOOR_GUARD_H
#define HORNERO_DOOR_GUARD_H

enum { GUARD_CPU_S = 5 };

/* The process has GUARD_CPU_S from here on. What it starts is not meant. */
void guard_renew(void);

#endif
