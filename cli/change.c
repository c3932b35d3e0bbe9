/* change: DIAGNOSTICS: none. */
#include "cli/change.h"

#include "cli/table.h"
#include "lib/own.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void change_say(const struct cli *cli, bool changed, const char *fmt, ...)
{
	own_free char *text = NULL;
	va_list ap;
	int n;

	if (cli->json)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	cli_say(stdout, "%s%s", changed ? "" : "unchanged: ", text);
}

int change_end(const struct cli *cli, bool changed, json_t *about)
{
	json_t *object = cli->json ? json_object() : NULL;

	*cli->unchanged = !changed;
	if (object) {
		json_object_set_new(object, "changed", json_boolean(changed));
		json_object_update(object, about);
		json_out(object);
	}
	json_decref(about);
	return 0;
}
