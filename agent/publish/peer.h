/*
 * peer: whoever asked for a publication, at the other end of a SOCK_SEQPACKET connection.
 *
 * agent/common/protocol.h has the requests and their replies.
 *
 * peer_stop() is asked between the steps of a publication: it says so when we were told to end
 * (SIGTERM, SIGINT) or when nobody is left who would hear the answer.
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

enum peer_wish { PEER_PUBLISH, PEER_TOUCH, PEER_EVICT, PEER_PLAN, PEER_LOOK };

struct peer_request {
	enum peer_wish wish;
	int64_t want_bytes; /* of an eviction; of this and a touch only artifact, the list, is set beside it.
	                     * Of a look only image is, and an artifact that is of no use */
	char image[UUID_LEN + 1];
	char digest[SHA256_HEX + 1];
	struct fence fence;
	int artifact;                   /* owned by whoever called peer_receive */
};

/* Blocks SIGTERM and SIGINT for the rest of the process. ERR_USAGE where conn is no such socket. */
int peer_open(struct peer *p, int conn, struct err *e);
void peer_close(struct peer *p);

/* The one request; waits ten seconds for it. out->artifact is close-on-exec. */
int peer_receive(const struct peer *p, struct peer_request *out, struct err *e);

/* Parse a request's text; pure. ERR_US: only hornerod writes them. */
int peer_parse(const char *text, struct peer_request *out, struct err *e);

/* One reply; a peer that is gone is no error. Text is escaped to one line. */
void peer_say(const struct peer *p, const char *word, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A copy_stop: arg is a struct peer. ERR_NOBODY. */
int peer_stop(void *arg, struct err *e);

#endif
