/*
 * catfile: one `git cat-file --batch` for all questions of one push that hooks/loose.h leaves open.
 *
 *     struct catfile cf = CATFILE_INIT;
 *     catfile_read(&cf, commit, "node", ".hornero.yaml", max, &found, e);
 *     catfile_close(&cf);
 *
 * It is started by the first question, in git's quarantine (the GIT_* variables that receive-pack
 * set are handed on, and nothing else of the environment: no configuration may come in that way).
 * It only reads. Replace refs are not followed: they are pushed, and the checkout does not follow them.
 */
#ifndef HORNERO_HOOKS_CATFILE_H
#define HORNERO_HOOKS_CATFILE_H

#include "hooks/found.h"
#include "lib/err.h"
#include "lib/spawn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CATFILE_TIMEOUT_MS = 10000 /* for all questions together */ };

struct catfile {
	struct child child;
	int to, from; /* -1: not started */
	int64_t deadline_ms;
	size_t have, used; /* of buf */
	char buf[16384];
};

/* For another program of git that looks at the same push. index: its GIT_INDEX_FILE, or NULL. */
enum { CATFILE_ENV_MAX = 20 };
void catfile_env(const char *env[CATFILE_ENV_MAX], const char *index);

#define CATFILE_INIT {.to = -1, .from = -1}

/* commit:subdir/name (subdir "" for the root). -1 (ERR_OPERATOR or ERR_NOBODY): git could not be asked. */
int catfile_read(struct catfile *cf, const char *commit, const char *subdir, const char *name, size_t max,
		 struct found *out, struct err *e);
/* The bytes of the tree "OID" or "COMMIT:DIRECTORY". 1 (*out is the caller's to free), 0 there is none, -1 as above. */
int catfile_tree(struct catfile *cf, const char *name, char **out, size_t *len, struct err *e);
/* The object that the tags of oid lead to, and its type. 1, or -1 as above. */
int catfile_peel(struct catfile *cf, const char *oid, char out[65], char type[16], struct err *e);
void catfile_close(struct catfile *cf);
/* Some question of this push has started git. */
static inline bool catfile_started(const struct catfile *cf)
{
	return cf->deadline_ms != 0;
}
#define own_catfile __attribute__((cleanup(catfile_close)))

#endif
