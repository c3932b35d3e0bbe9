/* signedcommit: checks that the commits which are new to the refs of a rule are signed. */
#ifndef HORNERO_HOOKS_SIGNEDCOMMIT_H
#define HORNERO_HOOKS_SIGNEDCOMMIT_H

#include "hooks/catfile.h"
#include "hooks/signature.h"
#include "hooks/target.h"

enum { SIGNEDCOMMIT_MAX = 1000 /* new commits of one ref */ };

/* A commit is new unless a ref that the rule covers leads to it: one that came in by another ref
 * counts as new. Returns 0, 1 if one is refused, -1 if they cannot be checked. */
int signedcommit_check(struct catfile *cf, struct signers *s, const struct target *p,
		       const struct refline *r, struct err *e);

/* Returns 0 if the signer may write to the ref, 1 (ERR_PUSHER) if not. */
int signedcommit_right(const struct signed_by *by, const char *repo, const char *ref,
		       struct err *e);

#endif
