/* stall: how long tasks wait for memory, disks or processors, from the kernel's pressure stall
 * information. */
#ifndef HORNERO_LIB_STALL_H
#define HORNERO_LIB_STALL_H

/* Returns `some avg10`, the percentage of the last ten seconds, from DIR/NAME or DIR/NAME.pressure;
 * name is memory, io or cpu. Returns -1 if it is unavailable. */
double stall_percent(const char *dir, const char *name);

/* Returns the one-minute load average in percent of the processors, or -1 if it is unavailable. */
double stall_load(void);

#endif
