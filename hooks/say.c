/* say: DIAGNOSTICS: none; a pusher who is gone reads none. */
#include "hooks/say.h"

#include "lib/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REFUSED "push refused: "

static char refusal[1024];

void say(const char *fmt, ...)
{
	char text[4096];
	char line[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	escape_text(line, sizeof(line), text, strlen(text), ESCAPE_LINE);
	if (!*refusal && strncmp(line, REFUSED, strlen(REFUSED)) == 0)
		snprintf(refusal, sizeof(refusal), "%.1000s", line + strlen(REFUSED));
	printf("hornero: %s\n", line);
}

const char *say_refusal(void)
{
	return refusal;
}

void say_flush(void)
{
	fflush(stdout);
}
