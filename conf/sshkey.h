/* sshkey: whether a public key is one of SSH's that is strong enough, by its own bytes (RFC 4253, 5656, 8709, and
 * OpenSSH's PROTOCOL.u2f). Pure. */
#ifndef HORNERO_CONF_SSHKEY_H
#define HORNERO_CONF_SSHKEY_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { SSHKEY_BYTES_MAX = 4096, SSHKEY_RSA_BITS = 3072 };

struct sshkey {
	int bits; /* as ssh-keygen -l counts them */
	size_t len;
	unsigned char wire[SSHKEY_BYTES_MAX]; /* what a fingerprint is the digest of */
};

/* Whether the word is how a public key of any kind begins, strong enough or not. */
bool sshkey_is_type(const char *word);

/* ERR_USAGE says what is wrong and what is allowed. */
int sshkey_parse(const char *type, const char *base64, struct sshkey *out, struct err *e);

#endif
