/*
 * refusal: tells a refused client why, in its own protocol: a banner and SSH_MSG_DISCONNECT (RFC
 * 4253, 11.1), which its user then sees. It reads nothing and waits for nobody.
 *
 *     struct refusals r = {0};
 *     refusal_send(&r, fd, "not now", now_ms);
 *     … poll until refusal_next(&r) …
 *     refusal_sweep(&r, now_ms);
 */
#ifndef HORNERO_DOOR_REFUSAL_H
#define HORNERO_DOOR_REFUSAL_H

#include "door/packet.h"

#include <stddef.h>
#include <stdint.h>

enum { REFUSALS_MAX = 64, REFUSAL_KEEP_MS = 5000, REFUSAL_TEXT_MAX = 300 };

/* Reasons of RFC 4253, 11.1. */
enum refusal_reason { REFUSAL_KEY_EXCHANGE = 3, REFUSAL_TOO_MANY = 12 };

/* Sockets that were told, oldest first from `at`. Closing them at once would reset them and lose
 * the text. */
struct refusals {
	int fds[REFUSALS_MAX];
	int64_t until_ms[REFUSALS_MAX];
	size_t at, n;
};

/* Builds the packet alone, without the banner. */
void refusal_make(struct packet *out, enum refusal_reason why, const char *text);

/* Ends what we send on fd, and waits at most wait_ms until the client has read it and closes. */
void refusal_drain(int fd, int wait_ms);

/* Takes fd, which must not block. If there are REFUSALS_MAX, closes the oldest. */
void refusal_send(struct refusals *r, int fd, const char *text, int64_t now_ms);

/* Returns when to close the oldest, or INT64_MAX if there is none. */
int64_t refusal_next(const struct refusals *r);

/* Closes those whose time is over; INT64_MAX closes all. */
void refusal_sweep(struct refusals *r, int64_t now_ms);

#endif
