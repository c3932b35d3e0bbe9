/*
 * kexinit: reads what a client offers: its identification (RFC 4253, 4.2) and the lists of its
 * first packet, SSH_MSG_KEXINIT (7.1). Pure: it borrows the bytes and allocates nothing.
 *
 *     switch (kexinit_parse(bytes, n, &k)) …
 *     if (kexinit_has(&k, KEXINIT_CIPHER_IN, "aes256-ctr")) …
 */
#ifndef HORNERO_DOOR_KEXINIT_H
#define HORNERO_DOOR_KEXINIT_H

#include <stdbool.h>
#include <stddef.h>

enum { KEXINIT_MESSAGE = 20, KEXINIT_COOKIE = 16 };

/* In the order of the packet. IN: from the client to the door. */
enum kexinit_list {
	KEXINIT_KEX,
	KEXINIT_HOST_KEY,
	KEXINIT_CIPHER_IN,
	KEXINIT_CIPHER_OUT,
	KEXINIT_MAC_IN,
	KEXINIT_MAC_OUT,
	KEXINIT_LISTS,
};

/* A part of the bytes, without a terminator. */
struct kexinit_text {
	const char *at;
	size_t len;
};

struct kexinit {
	struct kexinit_text client; /* its identification, such as SSH-2.0-OpenSSH_9.2p1 */
	struct kexinit_text lists[KEXINIT_LISTS];
};

enum kexinit_state {
	KEXINIT_SHORT,      /* more bytes must come */
	KEXINIT_IDENTIFIED, /* so far only `client` is complete */
	KEXINIT_WHOLE,      /* everything is */
	KEXINIT_OTHER,      /* this is not SSH 2.0 */
	KEXINIT_ODD,        /* `client` is complete, and something else than a KEXINIT follows */
};

/* Fills `client` in all states but SHORT and OTHER, the lists if WHOLE. */
enum kexinit_state kexinit_parse(const char *bytes, size_t n, struct kexinit *out);

/* Returns true if the list has that name. */
bool kexinit_has(const struct kexinit *k, enum kexinit_list list, const char *name);

#endif
