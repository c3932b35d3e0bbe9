/*
 * repo: a bare repository that is ready for pushes, or none.
 *
 *     own_free char *path = NULL;
 *     if (repo_create(c, "team/thing", &path, e) < 0) …
 *
 * It is made under a hidden name in its own directory, synced, and renamed, so nobody ever meets
 * half of one; what a crash left behind is removed by the next creation in that directory.
 *
 * Who may touch what (as root, where git_uid is set): the repository is git_uid's, group queue_gid,
 * 2750 and 0640 under any umask. config, hooks/ and hornero.yaml stay root's: what decides how a push
 * is received and what runs then. The top directory must be git's (it writes HEAD.lock and
 * packed-refs there), so the account itself could rename hooks/ away; but pushers do not get that account,
 * they get `git receive-pack` (git-shell or hornero-door), which writes objects and refs only.
 */
#ifndef HORNERO_CLI_REPO_H
#define HORNERO_CLI_REPO_H

#include "conf/conf.h"
#include "lib/err.h"

/* What came to a repository's configuration after its first version, in the order of the versions. */
#define REPO_PUSH_OPTIONS "[receive]\n\tadvertisePushOptions = true\n"

/* Brings the repositories below repo_root to what repo_create makes now. told() of each one that was changed; of one
 * that is not ours to change, or cannot be, with words. */
void repo_upgrade(const struct conf *c, void (*told)(void *arg, const char *config, const struct err *problem), void *arg);

/* name as image_check_repo has it. *path (fresh) is REPO_ROOT/NAME.git; durable on return. ERR_USAGE
 * for a bad name or one that is taken, ERR_OPERATOR where git, the hook or a permission is missing. */
int repo_create(const struct conf *c, const char *name, char **path, struct err *e);

#endif
