/* hostkeys: has hornero-door make its SSH host keys, as the user that will use them. */
#ifndef HORNERO_CLI_HOSTKEYS_H
#define HORNERO_CLI_HOSTKEYS_H

#include "conf/conf.h"
#include "lib/err.h"

/* Makes the missing keys; their directory must exist. If hornero-door cannot be started, warns.
 * Returns 0 if done or warned, -1 on error. */
int hostkeys_make(const struct conf *c, struct err *e);

#endif
