/*
 * lastline: the last line that a tool wrote which is not empty, for the reason of its failure.
 *
 *     struct lastline l = {.used = 0};
 *     … lastline_take(&l, data, len) for each read …
 *     lastline_text(&l), lastline_hint(lastline_text(&l))
 *
 * It is the pusher's text: whoever tells it escapes it.
 */
#ifndef HORNERO_AGENT_BUILD_LASTLINE_H
#define HORNERO_AGENT_BUILD_LASTLINE_H

#include <stddef.h>

struct lastline {
	char now[201];  /* the line that is being written, cut */
	size_t used;
	char last[201];
};

void lastline_take(struct lastline *l, const char *data, size_t len);

/* "": it wrote none. */
const char *lastline_text(const struct lastline *l);

/* What the sandbox has to do with it, as a clause; "": nothing, as far as its words say. */
const char *lastline_hint(const char *text);

#endif
