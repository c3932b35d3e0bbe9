/*
 * who: who pushes: the key that came in, or a user of this machine.
 *
 * hornero-door puts the name of the key into HORNERO_KEY, and so does an authorized_keys line of OpenSSH (hornero-keys(5)).
 * A hook's environment is made by whoever runs `git receive-pack`, so the name counts only where that is the owner of
 * the repository: nobody else may speak for others, and the owner could write the refs without us.
 */
#ifndef HORNERO_HOOKS_WHO_H
#define HORNERO_HOOKS_WHO_H

#include "conf/way.h"
#include "lib/err.h"

#include <stdbool.h>

enum { WHO_MAX = 80 };

struct who {
	char name[WHO_MAX];
	bool is_key; /* name is a key's; else the user's by /etc/passwd, or "uid N" */
	char words[WAY_MAX]; /* how they run our words: "ssh -p 2222 git@compute-7", or "hornero" on the node */
	bool has_words; /* false: their login runs git and nothing else */
};

/* Behind a command in a message: "", or who can run it for them. */
const char *who_can(const struct who *who);

/* In the repository's directory. ERR_PUSHER: a key is named, and not by one who may. */
int who_pushes(struct who *out, struct err *e);

#endif
