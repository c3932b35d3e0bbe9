/*
 * hostkey: the keys by which clients know this node: DIR/ssh_host_ed25519_key and DIR/ssh_host_ecdsa_key, named and
 * written as OpenSSH has them, so that an operator may bring those of the node's sshd along.
 */
#ifndef HORNERO_DOOR_HOSTKEY_H
#define HORNERO_DOOR_HOSTKEY_H

#include "lib/err.h"

#include <libssh/server.h>

/* Make those that are not there, and print a line for each: "made PATH SHA256:…" or "right PATH SHA256:…". */
int hostkey_make(const char *dir, struct err *e);

/* Give them to bind. ERR_OPERATOR where there is none, or where others than their owner may read one. */
int hostkey_load(ssh_bind bind, const char *dir, struct err *e);

#endif
