/*
 * view: `hornero --key NAME` shows the part of the node that this key of hornero-keys(5) may see.
 *
 * hornero-door runs us this way for users who log in by SSH. Jobs, images, files of the cache and
 * counts that the key may not read appear not to exist. This file and the database handle filter
 * them, not the words: words call cli_image, cli_images, cli_job_get and cli_may (cli/cli.h).
 */
#ifndef HORNERO_CLI_VIEW_H
#define HORNERO_CLI_VIEW_H

#include "cli/cli.h"

/* Finds the key of --key. Returns 0 if found or without --key, -1 on error (ERR_USAGE if there is
 * no such key). */
int view_open(struct cli *cli, struct err *e);
void view_close(struct cli *cli);

/* Call before a word runs. Returns 0 if the key may run it at all, -1 with ERR_USAGE if not. */
int view_enter(struct cli *cli, const struct word *w, struct err *e);

/* If we are root and the configuration names hornero_user, takes that user's effective ids. That
 * user owns hornero's directories, so words get no more rights there than it has. Words with
 * WORD_AS_ROOT stay root: they are about other users' files, or only look. Returns 0 or -1. */
int view_step_down(struct cli *cli, const struct word *w, struct err *e);

/* Call before executing another program: with root as its real user or group it could become root
 * again. Returns 0 or -1. */
int view_leave_root(struct err *e);

/* Returns true if the key has the right that the word needs for at least one repository, or without
 * a key. */
bool view_reaches(const struct cli *cli, const struct word *w);

/* Limits the database handle to what the key may read. */
void view_apply(const struct cli *cli, struct db *db);

/* Returns true if the key may read the repository, or without a key. */
bool view_sees(const struct cli *cli, const char *repo);

#endif
