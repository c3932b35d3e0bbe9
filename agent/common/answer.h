/*
 * answer: one line of hornero-publish as a struct; pure.
 *
 *     n = recv(fd, text, sizeof(text) - 1, 0); text[n] = '\0';
 *     answer_parse(text, &a, e);      a.text stays in text
 *
 * The words are in protocol.h. The publisher is another user's process where publish_socket is set.
 */
#ifndef HORNERO_AGENT_COMMON_ANSWER_H
#define HORNERO_AGENT_COMMON_ANSWER_H

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
	char name[SHA1_HEX + 1]; /* in Nova's cache: of changed, released, unreleased, published, foreign; else "" */
	uint64_t ino;            /* of released, published, evicted and stays; of process, its number */
	int64_t size_bytes, ms;  /* size_bytes of the same but stays, ms of published */
	enum waiting kind;       /* of waiting */
	enum err_class class;    /* of error */
	const char *text;        /* the rest, for people; "" where there is none */
};

/* Returns 0, or -1 with ERR_US where it is no answer. out is written on success only. */
int answer_parse(const char *text, struct answer *out, struct err *e);

#endif
