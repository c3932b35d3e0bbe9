/*
 * offer: the algorithms, host keys and login methods that the door offers. It ignores /etc/ssh.
 *
 *     offer_choose(&client, &o);
 *     if (o.missing) … nothing in common; else offer_session(c, fd, &o, &session, e)
 */
#ifndef HORNERO_DOOR_OFFER_H
#define HORNERO_DOOR_OFFER_H

#include "conf/conf.h"
#include "door/kexinit.h"
#include "door/packet.h"
#include "lib/err.h"

#include <libssh/libssh.h>

enum { OFFER_NAMES_MAX = 256 };

struct offer {
	char names[KEXINIT_LISTS][OFFER_NAMES_MAX];
	const char *missing;       /* such as "cipher"; NULL: client and door can talk */
	enum kexinit_list lacking; /* its list, if missing is set */
};

/* Chooses the lists for a client that offers these; NULL: unknown, so all that the door has. */
void offer_choose(const struct kexinit *client, struct offer *out);

/* Builds SSH_MSG_KEXINIT with these lists, for a client that lacks something: it compares the lists
 * itself, tells its user what the door has, and fails. */
void offer_packet(const struct offer *o, struct packet *out);

/* Creates a session that owns the socket fd. It has sent nothing yet and never blocks. */
int offer_session(const struct conf *c, int fd, const struct offer *o, ssh_session *out,
		  struct err *e);

#endif
