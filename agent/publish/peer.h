/*
 * peer: the client of the publisher, at the other end of a SOCK_SEQPACKET connection.
 *
 * agent/common/protocol.h has the requests and their replies.
 *
 * A publication calls peer_stop() between its steps. It stops after SIGTERM or SIGINT, or if the
 * peer has closed the connection.
 */
#ifndef HORNERO_AGENT_PUBLISH_PEER_H
#define HORNERO_AGENT_PUBLISH_PEER_H

#include "agent/common/fence.h"
#include "agent/common/protocol.h"
#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct peer {
	int conn;    /* borrowed */
	int signals; /* owned */
};

enum peer_word { PEER_PUBLISH, PEER_PREPARE, PEER_TOUCH, PEER_EVICT, PEER_PLAN, PEER_LOOK };

struct peer_request {
	enum peer_word word;
	int64_t want_bytes; /* EVICT, PLAN */
	char image[UUID_LEN + 1]; /* PUBLISH, PREPARE, LOOK */
	char digest[SHA256_HEX + 1]; /* PUBLISH */
	struct fence fence; /* PUBLISH; of PREPARE the token is ours, for the staging file's name */
	int artifact; /* PUBLISH, PREPARE: the artifact; TOUCH, EVICT, PLAN: the list; LOOK: unused.
	               * The caller of peer_receive closes it */
};

/* Blocks SIGTERM and SIGINT for the rest of the process. ERR_USAGE if conn is not a SOCK_SEQPACKET
 * socket. */
int peer_open(struct peer *p, int conn, struct err *e);
void peer_close(struct peer *p);

/* Receives the request; waits at most ten seconds. out->artifact is close-on-exec. */
int peer_receive(const struct peer *p, struct peer_request *out, struct err *e);

/* Waits for the next request, as long as it takes. Returns 1, or 0 if the peer has closed the
 * connection or we must end. */
int peer_await(const struct peer *p);

/* Parses the text of a request; pure. ERR_US if malformed: only hornero writes requests. */
int peer_parse(const char *text, struct peer_request *out, struct err *e);

/* Sends one reply, escaped to one line. A closed connection is not an error. */
void peer_say(const struct peer *p, const char *word, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A copy_stop: arg is a struct peer. Returns 0 to continue, -1 with ERR_NOBODY to stop. */
int peer_stop(void *arg, struct err *e);

#endif
