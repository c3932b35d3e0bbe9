/* sentence: pure. DIAGNOSTICS: none; long text is cut. */
#include "cli/sentence.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

void reason_say(struct reason *r, enum reason_kind kind, const char *fmt, ...)
{
	va_list ap;

	memset(r->commands, 0, sizeof(r->commands));
	r->kind = kind;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}

void reason_mend(struct reason *r, const char *fmt, ...)
{
	int i = *r->commands[0] ? 1 : 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->commands[i], sizeof(r->commands[i]), fmt, ap);
	va_end(ap);
}

const char *reason_clause(const struct reason *r, char buf[WHY_MAX])
{
	size_t len = strlen(r->text);

	memcpy(buf, r->text, len + 1);
	*buf = (char)tolower((unsigned char)*buf);
	if (len > 0 && buf[len - 1] == '.')
		buf[len - 1] = '\0';
	return buf;
}
