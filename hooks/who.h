/*
 * who: identifies the pusher: a key, or a user of this machine.
 *
 * hornero-door puts the key's name into HORNERO_KEY, and so does an authorized_keys line of OpenSSH
 * (hornero-keys(5)). Any user who runs `git receive-pack` controls the hook's environment, so the
 * name counts only if that user owns the repository. Nobody else can impersonate a key, and the
 * owner could write the refs without us.
 */
#ifndef HORNERO_HOOKS_WHO_H
#define HORNERO_HOOKS_WHO_H

#include "conf/way.h"
#include "lib/address.h"
#include "lib/err.h"

#include <stdbool.h>

enum { WHO_MAX = 80 };
#define WHO_MIRROR "mirror"

struct who {
	char name[WHO_MAX];
	bool is_key; /* name is a key's; else the user's in /etc/passwd, or "uid N" */
	bool is_mirror; /* hornero-mirror, by the same trust as a key; name is WHO_MIRROR */
	char words[WAY_MAX]; /* how they run the CLI: "ssh -p 2222 git@compute-7", or "hornero"
			      * on the node */
	char from[ADDRESS_TEXT]; /* a key's address, "" if unknown */
	bool has_words; /* false: their login runs only git */
};

/* Append this to a command in a message: "", or a hint to ask the operator. */
const char *who_can(const struct who *who);

/* The working directory must be the repository. ERR_PUSHER if HORNERO_KEY or HORNERO_MIRROR is set
 * and the user does not own the repository, or the name is invalid. */
int who_pushes(struct who *out, struct err *e);

#endif
