/*
 * stdio: the door behind an OpenSSH server, which has checked the key. It is one line of
 * authorized_keys:
 *
 *     restrict,command="hornero-door --stdio --key NAME" ssh-ed25519 …
 *
 * NAME has its rights of the keys file, as everywhere.
 */
#ifndef HORNERO_DOOR_STDIO_H
#define HORNERO_DOOR_STDIO_H

#include "conf/conf.h"
#include "lib/err.h"

/* Executes SSH_ORIGINAL_COMMAND with our descriptors and logs how it ended. Returns the exit code,
 * or -1 with e filled, for the client: its standard error is ours. */
int stdio_serve(const struct conf *c, const char *key, struct err *e);

/* Tells the client the error, and logs it if the node is at fault. Returns the exit code. */
int stdio_refuse(const char *key, const struct err *e);

#endif
