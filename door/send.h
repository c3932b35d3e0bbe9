/* send: bytes into a channel, without trusting libssh to come back: to a client that takes packets of ten bytes libssh 0.10
 * writes empty ones for ever. Then the process ends. */
#ifndef HORNERO_DOOR_SEND_H
#define HORNERO_DOOR_SEND_H

#include <libssh/libssh.h>
#include <stdbool.h>
#include <stddef.h>

/* How many of them libssh took: all, or fewer while keys are exchanged or the window is full. */
int send_some(ssh_channel channel, const char *data, size_t len, bool is_err);

#endif
