/*
 * signature: checks signatures: SSH's by ssh-keygen against the keys file, GPG's by gpgv against
 * gpg_keyring.
 *
 *     own_signers struct signers s = SIGNERS_INIT;
 *     if (signers_load(&s, conf, e) < 0) …
 *     got = signature_check(&s, &text, &by, e);
 *
 * The bytes are the pusher's. Both programs are run by absolute path, with an environment of ours,
 * with limits of time, processor time and output, and may write no file.
 */
#ifndef HORNERO_HOOKS_SIGNATURE_H
#define HORNERO_HOOKS_SIGNATURE_H

#include "conf/conf.h"
#include "conf/keyring.h"
#include "hooks/signedtext.h"
#include "lib/err.h"

#include <stdint.h>

#define SIGNATURE_SSH_KEYGEN "/usr/bin/ssh-keygen"
#define SIGNATURE_GPGV	     "/usr/bin/gpgv"

enum {
	SIGNATURE_TEXT_MAX = 1 << 20, /* bytes of a commit or a tag */
	SIGNATURE_ALL_MS = 60000,     /* for all signatures of a push */
	SIGNER_MAX = 160,
};

struct signers {
	struct keyring *ring;
	const char *gpg_keyring; /* borrowed */
	int allowed;             /* a memory file of the keys, for ssh-keygen */
	int64_t deadline_ms;
};

#define SIGNERS_INIT {.allowed = -1}

/* The signer. */
struct signed_by {
	const struct key_entry *key; /* of the keys file, or NULL: a GPG key */
	char name[SIGNER_MAX];       /* "key alice", or "GPG FINGERPRINT" */
};

int signers_load(struct signers *s, const struct conf *c, struct err *e);
void signers_fini(struct signers *s);
#define own_signers __attribute__((cleanup(signers_fini)))

/* Returns 0 if it is good, 1 if it is refused (ERR_PUSHER says why), -1 if it cannot be checked. */
int signature_check(struct signers *s, const struct signedtext *text, struct signed_by *out,
		    struct err *e);

#endif
