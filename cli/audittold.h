/* audittold: what the programs of events_dir were told of the audit log, with notify_audit. */
#ifndef HORNERO_CLI_AUDITTOLD_H
#define HORNERO_CLI_AUDITTOLD_H

#include "cli/cli.h"

enum { AUDITTOLD_TEXT = 900 };

struct audittold {
	char text[AUDITTOLD_TEXT]; /* one sentence, not escaped; "": nothing is wrong */
	const char *mend;          /* the command that mends it */
};

void audittold_look(const struct cli *cli, struct audittold *out);

#endif
