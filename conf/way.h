/*
 * way: how a client that connected through hornero-door reaches our commands and repositories, for
 * hints that it can type.
 *
 *     struct way w;
 *     if (way_read(&w)) … "%s log -f 42", w.ssh … "git push %sNAME", w.url …
 *
 * hornero-door sets HORNERO_DOOR to USER@HOST:PORT for every program that it starts: the client's
 * user name, door_name or the node's own name, and the port that the client connected to. It is
 * only a hint and grants nothing.
 */
#ifndef HORNERO_CONF_WAY_H
#define HORNERO_CONF_WAY_H

#include <stdbool.h>
#include <stddef.h>

enum { WAY_MAX = 384 };

struct way {
	char ssh[WAY_MAX]; /* "ssh -p 2222 git@compute-7" */
	/* "ssh://git@compute-7:2222/" or "git@compute-7:"; append the repository's name */
	char url[WAY_MAX];
};

/* Returns the length of the HOST or [IPv6] at the start of text, at most 255; 0 if there is none.
 * Pure. */
size_t way_host(const char *text);

/* door_name: HOST or HOST:PORT, or NULL. A user whose name a shell could interpret becomes
 * `git`. */
void way_make(char out[WAY_MAX], const char *door_name, const char *user, int port);

/* Parses text. On failure returns false and leaves *out unchanged. Pure. */
bool way_parse(const char *text, struct way *out);

/* Like way_parse, from $HORNERO_DOOR. */
bool way_read(struct way *out);

#endif
