/*
 * way: how somebody who came in through the door gets to our words and repositories, as he would type it.
 *
 *     struct way w;
 *     if (way_read(&w)) … "%s log -f 42", w.ssh … "git push %sNAME", w.url …
 *
 * hornero-door puts USER@HOST:PORT into HORNERO_DOOR of all that it starts: the name that the client gave itself, door_name or
 * the node's own name, and the port that it came to. Only a hint; it gives nobody a right.
 */
#ifndef HORNERO_CONF_WAY_H
#define HORNERO_CONF_WAY_H

#include <stdbool.h>
#include <stddef.h>

enum { WAY_MAX = 384 };

struct way {
	char ssh[WAY_MAX]; /* "ssh -p 2222 git@compute-7" */
	char url[WAY_MAX]; /* "ssh://git@compute-7:2222/", "git@compute-7:"; the name of a repository goes behind it */
};

/* Length of the HOST or [IPv6] that text begins with, at most 255; 0: none. Pure. */
size_t way_host(const char *text);

/* door_name: HOST or HOST:PORT, or NULL. A user whose name could mean something to a shell is `git`. */
void way_make(char out[WAY_MAX], const char *door_name, const char *user, int port);

/* False: there is no such way, and *out stays as it is. Pure. */
bool way_parse(const char *text, struct way *out);

/* Of $HORNERO_DOOR. */
bool way_read(struct way *out);

#endif
