/*
 * inner: what the files of connection.h share.
 *
 *   connection.c   its life: turns, signals, the end
 *   request.c      what its client asks for: to log in, a channel, a command
 */
#ifndef HORNERO_DOOR_INNER_H
#define HORNERO_DOOR_INNER_H

#include "conf/way.h"
#include "door/address.h"
#include "door/login.h"
#include "door/pump.h"

#include <libssh/libssh.h>
#include <stdbool.h>
#include <stdint.h>

/* At a time. */
enum { CHANNELS = 8 };

struct connection {
	const struct conf *conf;
	struct login login;
	ssh_session session;
	ssh_event event;
	int fd, report, signals;
	bool spoke;      /* the client has sent something */
	bool keyed;      /* keys were exchanged */
	bool left;       /* the client has closed its side */
	bool hung_up;    /* we have enough of it */
	bool failed;     /* libssh says that it is over */
	bool stopping;   /* no new commands: we are asked to end */
	int64_t end_ms;  /* and what is left is killed then; 0: not yet */
	bool busy;       /* there are commands, as far as was reported */
	const char *bye; /* why we hang up, in words for the client */
	int64_t active_ms;
	int64_t paid_ms; /* its commands are paid for up to then */
	char peer[ADDRESS_TEXT];
	char way[WAY_MAX]; /* how the client came here */
	char *chunk;
	struct pump pumps[CHANNELS];
};

/* The client's requests come to us from here on. */
void request_listen(struct connection *k);

/* Who listens hears whether there are commands, where that has changed. */
void request_report(struct connection *k, bool busy);

#endif
