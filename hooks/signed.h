/*
 * signed: holds a push to require_signed.
 *
 * A signer must have the right to write the ref: a key of the keys file by its own rights, a
 * key of gpg_keyring always. A signature that cannot be checked counts as missing.
 */
#ifndef HORNERO_HOOKS_SIGNED_H
#define HORNERO_HOOKS_SIGNED_H

#include "hooks/signature.h"
#include "hooks/target.h"
#include "hooks/who.h"

/* Returns the number of refusals, which are said. Fills signer if the push itself is signed and was
 * to be, else "". Starts nothing if no rule covers the push. */
size_t signed_check(const struct target *p, const struct pushed *pushed, const struct who *who,
		    char signer[SIGNER_MAX]);

#endif
