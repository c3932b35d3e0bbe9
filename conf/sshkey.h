/* sshkey: checks from its bytes that a public key is a valid SSH key and strong enough (RFC 4253,
 * 5656, 8709, and OpenSSH's PROTOCOL.u2f). Pure. */
#ifndef HORNERO_CONF_SSHKEY_H
#define HORNERO_CONF_SSHKEY_H

#include "lib/base64.h"
#include "lib/err.h"
#include "lib/shaplain.h"

#include <stdbool.h>
#include <stddef.h>

enum { SSHKEY_BYTES_MAX = 4096, SSHKEY_RSA_BITS = 3072 };

struct sshkey {
	int bits; /* as ssh-keygen -l counts them */
	size_t len;
	unsigned char wire[SSHKEY_BYTES_MAX]; /* the fingerprint is the digest of these */
};

enum { SSHKEY_PRINT_MAX = 7 + BASE64_ROOM(SHAPLAIN_BYTES) };

/* Whether word starts a public key of any type, strong enough or not. */
bool sshkey_is_type(const char *word);

/* Returns 0, or -1 with ERR_USAGE: what is wrong, and what is allowed. */
int sshkey_parse(const char *type, const char *base64, struct sshkey *out, struct err *e);

/* Writes the fingerprint, "SHA256:…", as ssh-keygen -l prints it. */
void sshkey_fingerprint(const struct sshkey *key, char out[SSHKEY_PRINT_MAX]);

#endif
