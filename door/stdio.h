/*
 * stdio: the door behind an OpenSSH server, which has checked the key: one line of authorized_keys,
 *
 *     restrict,command="hornero-door --stdio --key NAME" ssh-ed25519 …
 *
 * The rights are those of NAME in the file of keys, as everywhere.
 */
#ifndef HORNERO_DOOR_STDIO_H
#define HORNERO_DOOR_STDIO_H

#include "conf/conf.h"
#include "lib/err.h"

/* Does what SSH_ORIGINAL_COMMAND says, with our descriptors, and says in the log how it ended. The exit code, or -1 with e
 * filled, for the client: its standard error is ours. */
int stdio_serve(const struct conf *c, const char *key, struct err *e);

/* Says why not, to the client and, where the node is at fault, in the log. The exit code. */
int stdio_refuse(const char *key, const struct err *e);

#endif
