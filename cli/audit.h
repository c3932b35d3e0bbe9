/* audit: `hornero events --audit`: prints the audit log, or checks its chain. */
#ifndef HORNERO_CLI_AUDIT_H
#define HORNERO_CLI_AUDIT_H

#include "cli/cli.h"

/* The exit code: with --verify 1 if the chain is broken. -1 on error. */
int audit_run(struct cli *cli, const struct call *call, struct err *e);

#endif
