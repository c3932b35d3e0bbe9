/* signedrule: the entries of require_signed, "WHAT REPO[:REF]…": what must be signed where.
 * Pure. */
#ifndef HORNERO_CONF_SIGNEDRULE_H
#define HORNERO_CONF_SIGNEDRULE_H

#include "lib/err.h"

#include <stdbool.h>

enum signedrule { SIGNED_PUSH, SIGNED_COMMIT, SIGNED_TAG };

/* "push", "commit" or "tag". */
const char *signedrule_word(enum signedrule what);

/* Checks one entry. ERR_USAGE. */
int signedrule_check(const char *text, struct err *e);

/* Whether one of the entries (NULL, or ended by NULL) covers the ref of the repository; with ref
 * NULL, any ref of it. */
bool signedrule_covers(char *const *entries, enum signedrule what, const char *repo,
		       const char *ref);

#endif
