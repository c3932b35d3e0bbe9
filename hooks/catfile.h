/*
 * catfile: one `git cat-file --batch` answers every question of a push that hooks/loose.h cannot.
 *
 *     struct catfile cf = CATFILE_INIT;
 *     catfile_read(&cf, commit, "node", ".hornero.yaml", max, &found, e);
 *     catfile_close(&cf);
 *
 * The first question starts git, inside the quarantine: the GIT_* variables that receive-pack set
 * are passed on. Nothing else of the environment is, so that no configuration enters that way. git
 * only reads. It does not follow replace refs: pushers can write them, and the checkout ignores
 * them, too.
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

/* Fills env for another git command that reads the same push. index becomes its GIT_INDEX_FILE, or
 * is NULL. */
enum { CATFILE_ENV_MAX = 20 };
void catfile_env(const char *env[CATFILE_ENV_MAX], const char *index);

#define CATFILE_INIT {.to = -1, .from = -1}

/* Reads commit:subdir/name (subdir "" for the root). Returns 0, or -1 (ERR_OPERATOR or ERR_NOBODY)
 * if git could not answer. */
int catfile_read(struct catfile *cf, const char *commit, const char *subdir, const char *name,
		 size_t max, struct found *out, struct err *e);
/* Reads an object of that type and of at most max bytes. Returns 1 (the caller frees *out), 0 if
 * there is none of the type, -1 as above. */
int catfile_object(struct catfile *cf, const char *name, const char *type, size_t max, char **out,
		   size_t *len, struct err *e);
/* Reads the tree named "OID" or "COMMIT:DIRECTORY". Returns 1 (the caller frees *out), 0 if there
 * is no such tree, -1 as above. */
int catfile_tree(struct catfile *cf, const char *name, char **out, size_t *len, struct err *e);
/* Follows the tags of oid to an object and its type. Returns 1, or -1 as above. */
int catfile_peel(struct catfile *cf, const char *oid, char out[65], char type[16], struct err *e);
void catfile_close(struct catfile *cf);
/* Returns true if this push has started git already. */
static inline bool catfile_started(const struct catfile *cf)
{
	return cf->deadline_ms != 0;
}
#define own_catfile __attribute__((cleanup(catfile_close)))

#endif
