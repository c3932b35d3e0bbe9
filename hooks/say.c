/* say: DIAGNOSTICS: none; a pusher who is gone reads none. */
#include "hooks/say.h"

#include "lib/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void say(const char *fmt, ...)
{
	char text[4096];
	char line[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	escape_text(line, sizeof(line), text, strlen(text), ESCAPE_LINE);
	printf("hornero: %s\n", line);
}

void say_flush(void)
{
	fflush(stdout);
}
