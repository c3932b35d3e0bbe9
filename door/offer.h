/* offer: what the door offers to a client: algorithms, host keys, ways to log in; and nothing of /etc/ssh. */
#ifndef HORNERO_DOOR_OFFER_H
#define HORNERO_DOOR_OFFER_H

#include "conf/conf.h"
#include "lib/err.h"

#include <libssh/libssh.h>

/* A session on the socket fd, which is the session's from here on; nothing is sent yet, and nothing ever blocks. */
int offer_session(const struct conf *c, int fd, ssh_session *out, struct err *e);

#endif
