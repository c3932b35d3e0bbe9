/*
 * login: finds the key that a client offers.
 *
 *     struct login l = {0};
 *     if (login_load(c->keys_file, &l.ring, e) < 0) …
 *     if (login_offer(&l, key, state)) … if (l.key) logged in; else ask for a signature
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
	const struct key_entry *key; /* the client's key, once its signature is verified */
	int offers;
	bool denied;                 /* an unknown key was offered */
};

/* Loads the keys of the node and logs unusable lines. */
int login_load(const char *path, struct keyring **out, struct err *e);

/* Returns true if the key is known. state is libssh's verdict on the signature. */
bool login_offer(struct login *l, ssh_key offered, char state);

/* Reads the keys again. Returns 1, 0 if the key was removed (l->key stays), -1 with e filled. */
int login_renew(struct login *l, const char *path, struct err *e);

#endif
