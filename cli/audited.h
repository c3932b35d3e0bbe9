/*
 * audited: writes a record of the audit log for each command that changes something.
 *
 * A command whose entry has WORD_CHANGES does not run if the log cannot be written, and its record
 * follows once it has ended. A command that says "unchanged" or only looks (--dry-run) leaves none.
 */
#ifndef HORNERO_CLI_AUDITED_H
#define HORNERO_CLI_AUDITED_H

#include "cli/words.h"

/* Returns 0 if the command may run, -1 with e filled. */
int audited_ready(struct cli *cli, const struct call *call, struct err *e);

/* code is the exit code of the command. Returns 0, or -1 with e filled. */
int audited_record(struct cli *cli, const struct call *call, int code, struct err *e);

#endif
