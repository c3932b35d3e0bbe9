/* hostkeys: hornero-door's, made by hornero-door as the user who will use them: it alone knows how. */
#ifndef HORNERO_CLI_HOSTKEYS_H
#define HORNERO_CLI_HOSTKEYS_H

#include "conf/conf.h"
#include "lib/err.h"

/* Those that are not there, in their directory, which is. A node without hornero-door does without, with a warning. */
int hostkeys_make(const struct conf *c, struct err *e);

#endif
