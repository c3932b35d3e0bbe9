/*
 * mirror: the upstream that a repository follows, and notices of changes there.
 *
 * MIRROR_DIR has one file NAME.url for each mirror, with its URL, and NAME.wish for the newest
 * notice, with its number; a slash in a repository's name is a + there.
 * Written by: hornero (`repo mirror`, `repo fetch`). Read by: hornero, hornero-mirror, hornero-hook
 * (pre-receive). store/mirrored.h has the outcome of a fetch.
 */
#ifndef HORNERO_STATE_MIRROR_H
#define HORNERO_STATE_MIRROR_H

#include "conf/conf.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { MIRROR_URL_MAX = 400 };

/* Below MIRROR_DIR, of git's user: its SSH key and whom it trusts; its scratch directories. */
#define MIRROR_ACCESS "access"
#define MIRROR_WORK   "work"

/* In the environment of the pushes of hornero-mirror. */
#define MIRROR_ENV "HORNERO_MIRROR"

/* https://HOST/PATH or ssh://USER@HOST/PATH, maybe with a port, without a password. ERR_USAGE. */
int mirror_check_url(const char *text, struct err *e);

/* Returns the repository's name as that of a file; the caller frees it. */
char *mirror_file(const char *repo);

/* Returns MIRROR_DIR/NAME.ENDING; the caller frees it. */
char *mirror_path(const struct conf *c, const char *repo, const char *ending);

/* A fetch holds the mirror from its last look at the URL until its record is written, `repo mirror`
 * while it changes the URL: so no fetch moves refs of a repository that is no mirror any more. The
 * lock is of the file NAME.url. Waits for wait_ms. Returns 1, 0 if it is busy, -1 on error. *fd
 * holds it until closed, and is -1 if the repository is no mirror. */
int mirror_hold(const struct conf *c, const char *repo, int wait_ms, int *fd, struct err *e);

/* Durable on success. Return 0, or -1 with e filled: ERR_OPERATOR if the directory is missing
 * (`hornero init` creates it) or not writable. */
int mirror_set(const struct conf *c, const char *repo, const char *url, struct err *e);
/* Returns 1, 0 if the repository is no mirror, -1 on error. */
int mirror_unset(const struct conf *c, const char *repo, struct err *e);

/* Returns false if the repository is no mirror. An unreadable file is a mirror with the URL "". */
bool mirror_url(const struct conf *c, const char *repo, char url[MIRROR_URL_MAX + 1]);

/* Leaves a notice, which wakes hornero-mirror. Its number is in *wish. Returns 0 or -1. */
int mirror_notify(const struct conf *c, const char *repo, int64_t *wish, struct err *e);
/* Returns the number of the newest notice, 0 if there is none. */
int64_t mirror_wish(const struct conf *c, const char *repo);

/* Calls each() for every mirror. Returns 0 or -1. */
int mirror_each(const struct conf *c, void (*each)(void *arg, const char *repo), void *arg,
		struct err *e);

#endif
