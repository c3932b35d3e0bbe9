/*
 * view: `hornero --key NAME`: the node as a key of hornero-keys(5) may see it.
 *
 * hornero-door starts us so for whoever came in by SSH. What the key may not read is not there: no job, no image, no
 * file of the cache, no count. It is taken away here and in the database handle, not in the words: they ask cli_image,
 * cli_images, cli_job_get and cli_may (cli/cli.h), which ask us.
 */
#ifndef HORNERO_CLI_VIEW_H
#define HORNERO_CLI_VIEW_H

#include "cli/cli.h"

/* Find the key of --key. 0, also where there is no --key. ERR_USAGE. */
int view_open(struct cli *cli, struct err *e);
void view_close(struct cli *cli);

/* Before a word runs: whether the key may say it at all. ERR_USAGE. */
int view_enter(struct cli *cli, const struct word *w, struct err *e);

/* Root acts as hornero_user in hornero's own directories, which belong to that user: by name, and with no more rights there
 * than that. Only words about other users' things (init, repo create, key …) and doctor, which looks, stay root's. */
int view_step_down(struct cli *cli, const struct word *w, struct err *e);

/* Before another program is executed: with root as its real user or group it could become root again. */
int view_leave_root(struct err *e);

/* The key has the right that the word needs, for some repository at least. True without a key. */
bool view_reaches(const struct cli *cli, const struct word *w);

/* The handle shows what the key may read. */
void view_apply(const struct cli *cli, struct db *db);

/* The key may read it; true without a key. */
bool view_sees(const struct cli *cli, const char *repo);

#endif
