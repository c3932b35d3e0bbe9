/*
 * repo: creates bare repositories atomically, ready for pushes.
 *
 *     own_free char *path = NULL;
 *     if (repo_create(c, "team/thing", &path, e) < 0) …
 *
 * A repository is made under a hidden name in its parent directory, synced, and renamed, so no
 * client sees an incomplete one. The next creation in that directory removes the rest of a crash.
 *
 * Ownership, as root with git_uid set: the repository belongs to git_uid and group queue_gid, with
 * modes 2750 and 0640 under any umask. config, hooks/ and hornero.yaml stay root's, because they
 * decide how a push is received and which programs run then. The top directory must belong to
 * git_uid (git writes HEAD.lock and packed-refs there), so that account could rename hooks/ away.
 * Pushers do not get the account: they get `git receive-pack` (through git-shell or hornero-door),
 * which writes objects and refs only.
 */
#ifndef HORNERO_CLI_REPO_H
#define HORNERO_CLI_REPO_H

#include "conf/conf.h"
#include "lib/err.h"

/* Later additions to a repository's configuration, in the order of the versions. */
#define REPO_PUSH_OPTIONS "[receive]\n\tadvertisePushOptions = true\n"

/* Returns the part of the configuration for signed pushes, with a new secret, or NULL with e
 * filled. The caller frees it. pre-receive checks signatures. receive-pack would run gpg with the
 * pusher's bytes and a home directory of git's account: it runs hornero-hook instead, which only
 * reads them. */
char *repo_signing(const struct conf *c, struct err *e);

/* Calls each() with the name ("team/thing") of every directory NAME.git below repo_root, except in
 * hidden directories and in repositories. */
void repo_each(const struct conf *c, void (*each)(void *arg, const char *name), void *arg);

/* Upgrades the repositories below repo_root to what repo_create makes now. Calls told() for each
 * one changed, and with a problem for each one that it may not or cannot change. */
void repo_upgrade(const struct conf *c,
		  void (*told)(void *arg, const char *config, const struct err *problem),
		  void *arg);

/* Creates REPO_ROOT/NAME.git; image_check_repo defines valid names. *path is allocated; the caller
 * frees it. The repository is durable on return. Returns 0, or -1 with ERR_USAGE if the name is bad
 * or taken, ERR_OPERATOR if git, the hook or a permission is missing. */
int repo_create(const struct conf *c, const char *name, char **path, struct err *e);

#endif
