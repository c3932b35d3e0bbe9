/*
 * hostkey: the keys that identify this node to clients: DIR/ssh_host_ed25519_key and
 * DIR/ssh_host_ecdsa_key. Names and formats are OpenSSH's, so operators may copy those of the
 * node's sshd.
 */
#ifndef HORNERO_DOOR_HOSTKEY_H
#define HORNERO_DOOR_HOSTKEY_H

#include "lib/err.h"

#include <libssh/server.h>

/* Makes missing keys and prints a line for each key: "made PATH SHA256:…" or "right PATH
 * SHA256:…". */
int hostkey_make(const char *dir, struct err *e);

/* Loads them into bind. ERR_OPERATOR if there is none, or if users other than its owner may read
 * one. */
int hostkey_load(ssh_bind bind, const char *dir, struct err *e);

#endif
