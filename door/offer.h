/* offer: the algorithms, host keys and login methods that the door offers. It ignores /etc/ssh. */
#ifndef HORNERO_DOOR_OFFER_H
#define HORNERO_DOOR_OFFER_H

#include "conf/conf.h"
#include "lib/err.h"

#include <libssh/libssh.h>

/* Creates a session that owns the socket fd. It has sent nothing yet and never blocks. */
int offer_session(const struct conf *c, int fd, ssh_session *out, struct err *e);

#endif
