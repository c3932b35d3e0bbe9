/*
 * console: what a guest says, line by line, and whether a line is the expected one. Pure.
 *
 *     struct console c = {.expect = &compiled};
 *     if (console_take(&c, data, len)) …     a whole line of it matches
 *     if (console_pause(&c)) …               nothing follows just now: a prompt matches, whose line has no end
 *     if (console_end(&c)) …                 nothing follows any more
 *     c.tail                                 what it said last, for a message
 */
#ifndef HORNERO_AGENT_SANDBOXED_BOOT_CONSOLE_H
#define HORNERO_AGENT_SANDBOXED_BOOT_CONSOLE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	CONSOLE_LINE = 1024, /* bytes; the rest of a longer line is the next one */
	CONSOLE_TAIL = 160,
};

struct console {
	const regex_t *expect; /* borrowed */
	char line[CONSOLE_LINE + 1];
	size_t len;
	char tail[CONSOLE_TAIL + 1]; /* the last lines that were not empty, " / " between them; cut at its beginning */
};

/* data loses its carriage returns and NUL bytes, which no expression means; returns how much is left. */
size_t console_clean(char *data, size_t len);

/* Cleaned data. True: a line matches, and the rest was not looked at. */
bool console_take(struct console *c, const char *data, size_t len);
/* A $ does not match at such an end. */
bool console_pause(const struct console *c);
bool console_end(struct console *c);

#endif
