/*
 * fence: which attempt may publish an image now.
 *
 * The file fence/UUID holds "JOB ATTEMPT TOKEN". hornerod replaces it before each attempt and each
 * publication, with a new random token. A publisher compares it with its request before each step
 * that changes Nova's files, so a publisher that slept through a restart cannot put old bytes in
 * place. hornero-collect sends the three words with each file that may go, as the last words of a
 * line; the publisher keeps the file if the fence has changed since.
 */
#ifndef HORNERO_AGENT_COMMON_FENCE_H
#define HORNERO_AGENT_COMMON_FENCE_H

#include "agent/common/protocol.h"
#include "conf/conf.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

struct fence {
	int64_t job, attempt;
	char token[PROTOCOL_TOKEN_MAX + 1]; /* [A-Za-z0-9._-] */
};

/* Stands for "this image has no fence", written "0 0 -". */
#define FENCE_NONE ((struct fence){.token = "-"})

enum { FENCE_TEXT = 128 };

/* Parses "JOB ATTEMPT TOKEN": both numbers have 1 to 18 digits. Returns false for anything else. */
bool fence_parse(const char *text, struct fence *out);

/* Writes "JOB ATTEMPT TOKEN" into text, without a newline, and returns it. */
const char *fence_format(const struct fence *f, char text[FENCE_TEXT]);

bool fence_same(const struct fence *a, const struct fence *b);

/* Returns 1 if the image has a fence, 0 if not, -1 if the file is unreadable or malformed. For 0
 * and -1, *out is FENCE_NONE. */
int fence_read(const struct conf *c, const char *image, struct fence *out, struct err *e);

/* Replaces the fence of the image, with a new token, and stores it in *out. ERR_OPERATOR if
 * fence_dir is not writable. */
int fence_set(const struct conf *c, const char *image, int64_t job, int64_t attempt,
	      struct fence *out, struct err *e);

/* Returns 0 if the fence of the image is `told`; otherwise -1 with ERR_NOBODY. */
int fence_check(const struct conf *c, const char *image, const struct fence *told, struct err *e);

#endif
