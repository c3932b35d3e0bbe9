/*
 * bell: the doorbell, a datagram socket DIR/doorbell (DIR is conf's run_dir).
 *
 * Any datagram wakes hornerod. Ringing never blocks and nobody learns whether it
 * was heard: what the bell announces is in the queue already, and the sweep finds
 * what nobody announced.
 */
#ifndef HORNERO_LIB_BELL_H
#define HORNERO_LIB_BELL_H

#include "lib/err.h"

void bell_ring(const char *run_dir);

/* Whether somebody is there to hear it: hornerod holds DIR/agent.lock as long as it lives, also across a reload. 1, 0; -1 where
 * we may not look. */
int bell_is_attended(const char *run_dir);

/* hornerod's end: made aside and renamed over an old one, mode 0660 (the directory's setgid bit
 * gives it the queue's group). Non-blocking. Descriptor or -1 with e filled. */
int bell_listen(const char *run_dir, struct err *e);

/* Take everything that lies there. */
void bell_drain(int fd);

#endif
