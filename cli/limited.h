/* limited: whether a limit of its repository or of its builder's group keeps a job back. */
#ifndef HORNERO_CLI_LIMITED_H
#define HORNERO_CLI_LIMITED_H

#include "cli/cli.h"
#include "db/job.h"

enum { LIMITED_WORDS = 512 };

/* Writes a clause that names the limit and its file, "" if none keeps it back. Returns 0, or -1 on
 * error. */
int limited_look(const struct cli *cli, struct db *db, const struct job *j,
		 char buf[LIMITED_WORDS], struct err *e);

#endif
