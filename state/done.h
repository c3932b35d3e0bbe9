/*
 * done: when each upkeep program of hornerod last did its work, in RUN_DIR/done.NAME.
 *
 * Written by: hornerod.
 * Read by: hornero (`metrics`).
 *
 * Without the file it never did. The files outlive hornerod, and a failure leaves them alone.
 */
#ifndef HORNERO_STATE_DONE_H
#define HORNERO_STATE_DONE_H

#include <stdint.h>

enum done { DONE_SWEEP, DONE_KEEP, DONE_COLLECT, DONE_SCRUB };
enum { DONES = DONE_SCRUB + 1 };

const char *done_name(enum done d);

/* at_ms: of the steady clock. */
void done_note(const char *run_dir, enum done d, int64_t at_ms);

/* Returns that time, or 0 if there is none. */
int64_t done_when(const char *run_dir, enum done d);

#endif
