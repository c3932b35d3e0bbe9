/*
 * reply: parses one line of hornero-publish into a struct. Pure.
 *
 *     n = recv(fd, text, sizeof(text) - 1, 0); text[n] = '\0';
 *     reply_parse(text, &a, e);      a.text points into text
 *
 * protocol.h lists the words. If publish_socket is set, the publisher is another user's process.
 */
#ifndef HORNERO_AGENT_COMMON_REPLY_H
#define HORNERO_AGENT_COMMON_REPLY_H

#include "lib/err.h"
#include "lib/sha.h"
#include "state/waiting.h"

#include <stdint.h>

enum reply_word {
	REPLY_PROCESS,
	REPLY_WAITING,
	REPLY_CHANGED,
	REPLY_RELEASED,
	REPLY_UNRELEASED,
	REPLY_PUBLISHED,
	REPLY_ALONE,
	REPLY_DEFERRED,
	REPLY_FOREIGN,
	REPLY_ERROR,
	REPLY_EVICTED,
	REPLY_STAYS,
	REPLY_DONE,
};

struct reply {
	enum reply_word word;
	/* name in Nova's cache, of changed, released, unreleased, published, foreign; else "" */
	char name[SHA1_HEX + 1];
	/* of released, published, evicted, stays; the process id, of process */
	uint64_t ino;
	int64_t size_bytes, ms;  /* size_bytes of released, published, evicted; ms of published */
	enum waiting kind;       /* of waiting */
	enum err_class class;    /* of error */
	const char *text;        /* the rest, for people; "" if there is none */
};

/* Returns 0, or -1 with ERR_US if text is not a reply. Writes *out on success only. */
int reply_parse(const char *text, struct reply *out, struct err *e);

#endif
