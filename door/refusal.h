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

#include <stddef.h>
#include <stdint.h>

enum { REFUSALS_MAX = 64, REFUSAL_KEEP_MS = 2000, REFUSAL_TEXT_MAX = 200, REFUSAL_BYTES_MAX = 300 };

/* Sockets that were told, oldest first from `at`. Closing them at once would reset them and lose
 * the text. */
struct refusals {
	int fds[REFUSALS_MAX];
	int64_t until_ms[REFUSALS_MAX];
	size_t at, n;
};

/* Builds the message; text is cut to REFUSAL_TEXT_MAX. Returns the length. */
size_t refusal_make(unsigned char out[REFUSAL_BYTES_MAX], const char *text);

/* Takes fd, which must not block. If there are REFUSALS_MAX, closes the oldest. */
void refusal_send(struct refusals *r, int fd, const char *text, int64_t now_ms);

/* Returns when to close the oldest, or INT64_MAX if there is none. */
int64_t refusal_next(const struct refusals *r);

/* Closes those whose time is over; INT64_MAX closes all. */
void refusal_sweep(struct refusals *r, int64_t now_ms);

#endif
