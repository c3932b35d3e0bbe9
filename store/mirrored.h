/*
 * mirrored: what became of the last fetch of a mirror: MIRROR_DIR/NAME.json (state/mirror.h).
 * hornero-mirror alone writes it, after each try.
 */
#ifndef HORNERO_STORE_MIRRORED_H
#define HORNERO_STORE_MIRRORED_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

enum mirrored_state {
	MIRRORED_NONE,        /* not tried yet, or of another URL */
	MIRRORED_CURRENT,     /* the refs are those of the upstream */
	MIRRORED_UNREACHABLE, /* it did not answer */
	MIRRORED_UNTRUSTED,   /* its host key or certificate is another one, or unknown */
	MIRRORED_DENIED,      /* it does not let our key in */
	MIRRORED_MISSING,     /* it has no such repository */
	MIRRORED_EMPTY,       /* its repository has no branch and no tag */
	MIRRORED_LIMIT,       /* more time or more bytes than the settings allow */
	MIRRORED_REFUSED,     /* pre-receive refused what it has, or git did */
	MIRRORED_FAILED,      /* anything else */
};

struct mirrored {
	char url[401];
	char state[17];     /* mirrored_state_name() */
	char reason[401];   /* one sentence; "" */
	char rewound[301];  /* a ref that lost commits at the last change, and its commits; "" */
	char said[1601];    /* what the hooks said of the last change, | between lines */
	int64_t wish;       /* the newest notice when it began */
	int64_t changed;    /* refs that the last change moved */
	int64_t at_ms;      /* wall: end of the last try */
	int64_t current_ms; /* wall: when it was current the last time; 0: never */
	int64_t changed_ms; /* wall: of the last change; 0: none */
};

const char *mirrored_state_name(enum mirrored_state state);
/* The state of a record of this URL. */
enum mirrored_state mirrored_state(const struct mirrored *m, const char *url);

/* path: mirror_path(c, repo, "json"). Bytes that a record cannot have become "?". */
int mirrored_save(const char *path, const struct mirrored *m, struct err *e);
/* An absent or invalid record (logged) is all zero. Returns 0 or -1. */
int mirrored_load(const char *path, struct mirrored *out, struct err *e);

#endif
