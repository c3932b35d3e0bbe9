/*
 * lastline: the last non-empty line of a tool's output, as the reason of its failure.
 *
 *     struct lastline l = {.used = 0};
 *     … lastline_take(&l, data, len) for each read …
 *     lastline_text(&l), lastline_hint(lastline_text(&l))
 *
 * The text comes from the pusher: escape it before showing it.
 */
#ifndef HORNERO_AGENT_BUILD_LASTLINE_H
#define HORNERO_AGENT_BUILD_LASTLINE_H

#include <stddef.h>

struct lastline {
	char now[201];  /* the unfinished line, cut */
	size_t used;
	char last[201];
};

void lastline_take(struct lastline *l, const char *data, size_t len);

/* Returns the last line, "" if there is none. */
const char *lastline_text(const struct lastline *l);

/* Returns a clause if the text suggests that the sandbox caused the failure, else "". */
const char *lastline_hint(const char *text);

#endif
