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

/* Executes what SSH_ORIGINAL_COMMAND says in the place of this process. Returns with e filled only, for the client. */
int stdio_serve(const struct conf *c, const char *key, struct err *e);

#endif
