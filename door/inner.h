/*
 * inner: shared by the files that implement connection.h.
 *
 *     connection.c   its life: turns, signals, the end
 *     agree.c        its first bytes: algorithms that client and door have in common
 *     request.c      its client's requests: a login, a channel, a command
 */
#ifndef HORNERO_DOOR_INNER_H
#define HORNERO_DOOR_INNER_H

#include "conf/way.h"
#include "lib/address.h"
#include "door/login.h"
#include "door/offer.h"
#include "door/pump.h"

#include <libssh/libssh.h>
#include <stdbool.h>
#include <stdint.h>

/* Channels at a time: as many sessions as sshd allows (MaxSessions). */
enum { CHANNELS = 10 };

struct connection {
	const struct conf *conf;
	struct login login;
	ssh_session session;
	ssh_event event;
	int fd, report, signals;
	bool spoke;      /* the client has sent something */
	bool identified; /* it speaks SSH 2.0 */
	bool keyed;      /* the key exchange is done */
	bool left;       /* the client has closed its side */
	bool hung_up;    /* we close the connection */
	bool failed;     /* libssh reports its end */
	bool stopping;   /* asked to end: no new commands */
	int64_t end_ms;  /* kill the remaining commands then; 0: not yet */
	bool busy;       /* reported as having commands */
	const char *bye; /* why we hang up, for the client */
	int64_t active_ms;
	int64_t paid_ms; /* the rate limit of its commands is used up to then */
	char peer[ADDRESS_TEXT];
	char way[WAY_MAX]; /* how the client reaches this node */
	char *chunk;
	struct pump pumps[CHANNELS];
};

/* Greets the client and chooses what to offer it. Returns false if they have nothing in common. */
bool agree_on(struct connection *k, struct offer *o);

/* Registers the callbacks for the client's requests. */
void request_listen(struct connection *k);

/* Tells the listener whether there are commands, if that has changed. */
void request_report(struct connection *k, bool busy);

#endif
