/*
 * login: whose key it is that somebody offers.
 *
 *     struct login l = {0};
 *     if (login_load(c->keys_file, &l.ring, e) < 0) …
 *     if (login_offer(&l, key, state)) … if (l.key) it is in; else the key would do, and the client is to sign
 *     switch (login_renew(&l, c->keys_file, e)) …       before each command
 *     keyring_free(l.ring)
 */
#ifndef HORNERO_DOOR_LOGIN_H
#define HORNERO_DOOR_LOGIN_H

#include "conf/keyring.h"
#include "lib/err.h"

#include <libssh/libssh.h>
#include <stdbool.h>

enum { LOGIN_OFFERS_MAX = 12 };

struct login {
	struct keyring *ring;
	const struct key_entry *key; /* who it is, once a signature of it was right */
	int offers;
	bool denied;                 /* a key was offered that nobody has */
};

/* The keys of the node. What lines of the file cannot be used is logged. */
int login_load(const char *path, struct keyring **out, struct err *e);

/* state: whether there is a signature, and what it is worth, as libssh says it. */
bool login_offer(struct login *l, ssh_key offered, char state);

/* Who it is by now: reads the keys anew. 1, 0 where the key is nobody's any more (it stays what it was), -1 with e filled. */
int login_renew(struct login *l, const char *path, struct err *e);

#endif
