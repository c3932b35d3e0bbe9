/*
 * answer: parses one line of hornero-publish into a struct. Pure.
 *
 *     n = recv(fd, text, sizeof(text) - 1, 0); text[n] = '\0';
 *     answer_parse(text, &a, e);      a.text points into text
 *
 * protocol.h lists the words. If publish_socket is set, the publisher is another user's process.
 */
#ifndef HORNERO_AGENT_COMMON_REPLY_H
#define HORNERO_AGENT_COMMON_REPLY_H

#include "lib/err.h"
#include "lib/sha.h"
#include "state/waiting.h"

#include <stdint.h>

enum answer_word {
	ANSWER_PROCESS,
	ANSWER_WAITING,
	ANSWER_CHANGED,
	ANSWER_RELEASED,
	ANSWER_UNRELEASED,
	ANSWER_PUBLISHED,
	ANSWER_ALONE,
	ANSWER_DEFERRED,
	ANSWER_FOREIGN,
	ANSWER_ERROR,
	ANSWER_EVICTED,
	ANSWER_STAYS,
	ANSWER_DONE,
};

struct answer {
	enum answer_word word;
	/* name in Nova's cache, of changed, released, unreleased, published, foreign; else "" */
	char name[SHA1_HEX + 1];
	/* of released, published, evicted, stays; the process id, of process */
	uint64_t ino;
	int64_t size_bytes, ms;  /* size_bytes of released, published, evicted; ms of published */
	enum waiting kind;       /* of waiting */
	enum err_class class;    /* of error */
	const char *text;        /* the rest, for people; "" if there is none */
};

/* Returns 0, or -1 with ERR_US if text is not an answer. Writes *out on success only. */
int answer_parse(const char *text, struct answer *out, struct err *e);

#endif
