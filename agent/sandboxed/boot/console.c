/* console: pure. DIAGNOSTICS: none; an expression that runs out of memory matches nothing. */
#include "agent/sandboxed/boot/console.h"

#include <stdio.h>
#include <string.h>

size_t console_clean(char *data, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < len; i++)
		if (data[i] != '\r' && data[i] != '\0')
			data[kept++] = data[i];
	return kept;
}

static void keep_tail(struct console *c)
{
	static const char between[] = " / ";
	char longer[CONSOLE_TAIL + sizeof(between) + CONSOLE_LINE];
	size_t len;

	if (c->len == 0)
		return;
	len = (size_t)snprintf(longer, sizeof(longer), "%s%s%s", c->tail, c->tail[0] ? between : "",
			       c->line);
	snprintf(c->tail, sizeof(c->tail), "%s",
		 longer + (len > CONSOLE_TAIL ? len - CONSOLE_TAIL : 0));
}

static bool end_line(struct console *c)
{
	bool fits;

	c->line[c->len] = '\0';
	fits = regexec(c->expect, c->line, 0, NULL, 0) == 0;
	keep_tail(c);
	c->len = 0;
	return fits;
}

bool console_take(struct console *c, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((data[i] == '\n' || c->len == CONSOLE_LINE) && end_line(c))
			return true;
		if (data[i] != '\n')
			c->line[c->len++] = data[i];
	}
	return false;
}

bool console_pause(const struct console *c)
{
	char line[CONSOLE_LINE + 1];

	if (c->len == 0)
		return false;
	memcpy(line, c->line, c->len);
	line[c->len] = '\0';
	return regexec(c->expect, line, 0, NULL, REG_NOTEOL) == 0;
}

bool console_end(struct console *c)
{
	return c->len > 0 && end_line(c);
}
