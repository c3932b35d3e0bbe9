/*
 * console: splits a guest's output into lines and matches each with the expected one. Pure.
 *
 *     struct console c = {.expect = &compiled};
 *     if (console_take(&c, data, len)) …     a complete line matches
 *     if (console_pause(&c)) …               no output just now: an unfinished line matches
 *     if (console_end(&c)) …                 the output has ended: the last line matches
 *     c.tail                                 the last lines, for a message
 */
#ifndef HORNERO_AGENT_SANDBOXED_BOOT_CONSOLE_H
#define HORNERO_AGENT_SANDBOXED_BOOT_CONSOLE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	CONSOLE_LINE = 1024, /* bytes; the rest of a longer line counts as the next line */
	CONSOLE_TAIL = 160,
};

struct console {
	const regex_t *expect; /* borrowed */
	char line[CONSOLE_LINE + 1];
	size_t len;
	/* the last lines that were not empty, separated by " / " and cut at the front */
	char tail[CONSOLE_TAIL + 1];
};

/* Removes carriage returns and NUL bytes, which no expression means. Returns the length left. */
size_t console_clean(char *data, size_t len);

/* data must be clean. Returns true if a line matches; the rest of data is then ignored. */
bool console_take(struct console *c, const char *data, size_t len);
/* A $ does not match the end of an unfinished line. */
bool console_pause(const struct console *c);
bool console_end(struct console *c);

#endif
