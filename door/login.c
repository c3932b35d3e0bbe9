/* login: DIAGNOSTICS: as conf/keyring.h. Unusable lines are logged. */
#include "door/login.h"

#include "lib/log.h"
#include "lib/own.h"

#include <libssh/server.h>
#include <stdio.h>

/* Unusable lines of the keys file. */
struct broken {
	int lines;
	char first[400];
};

static void on_problem(void *arg, const char *problem)
{
	struct broken *b = arg;

	if (b->lines++ == 0)
		snprintf(b->first, sizeof(b->first), "%s", problem);
}

/* Logs a single line: nobody has logged in yet, and clients must not be able to fill the log. */
int login_load(const char *path, struct keyring **out, struct err *e)
{
	struct broken b = {0};

	if (keyring_load(path, on_problem, &b, out, e) < 0)
		return -1;
	if (b.lines > 0)
		log_warn("event=key-refused lines=%d first: %s", b.lines, b.first);
	return 0;
}

static const struct key_entry *whose(const struct login *l, ssh_key offered)
{
	const struct key_entry *found = NULL;
	char *blob = NULL;

	if (ssh_pki_export_pubkey_base64(offered, &blob) == SSH_OK)
		found = keyring_find(l->ring, ssh_key_type_to_char(ssh_key_type(offered)), blob);
	ssh_string_free_char(blob);
	return found;
}

bool login_offer(struct login *l, ssh_key offered, char state)
{
	const struct key_entry *key = NULL;

	if (++l->offers > LOGIN_OFFERS_MAX)
		return false;
	if (state == SSH_PUBLICKEY_STATE_NONE || state == SSH_PUBLICKEY_STATE_VALID)
		key = whose(l, offered);
	if (!key)
		l->denied = true;
	else if (state == SSH_PUBLICKEY_STATE_VALID)
		l->key = key;
	return key != NULL;
}

int login_renew(struct login *l, const char *path, struct err *e)
{
	own_keyring struct keyring *ring = NULL;
	const struct key_entry *key;

	/* The login has reported broken lines already. */
	if (keyring_load(path, NULL, NULL, &ring, e) < 0)
		return -1;
	key = keyring_find(ring, l->key->type, l->key->blob);
	if (!key)
		return 0;
	keyring_free(l->ring);
	l->ring = steal_ptr(&ring);
	l->key = key;
	return 1;
}
