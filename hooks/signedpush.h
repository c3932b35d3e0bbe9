/* signedpush: checks the certificate of `git push --signed` (gitprotocol-pack(5)). */
#ifndef HORNERO_HOOKS_SIGNEDPUSH_H
#define HORNERO_HOOKS_SIGNEDPUSH_H

#include "hooks/catfile.h"
#include "hooks/signature.h"
#include "hooks/target.h"
#include "hooks/who.h"

/* The nonce must be the one that git gave to this push, the certificate must name each ref that is
 * pushed, and its signer must be allowed to write each ref that the rule covers. Returns the number
 * of refusals, which are said. */
size_t signedpush_check(struct catfile *cf, struct signers *s, const struct target *p,
			const struct pushed *pushed, const struct who *who,
			char signer[SIGNER_MAX]);

#endif
