/* stall: how long somebody waits for memory, disks or processors, as the kernel says (pressure stall information). */
#ifndef HORNERO_LIB_STALL_H
#define HORNERO_LIB_STALL_H

/* Percent of the last ten seconds, `some avg10` of DIR/NAME, or of DIR/NAME.pressure; name: memory, io, cpu. -1: not to be had. */
double stall_percent(const char *dir, const char *name);

/* The load average of one minute, in percent of the processors. -1: not to be had. */
double stall_load(void);

#endif
