/* collect_report: DIAGNOSTICS: none; without memory, a row is missing in the JSON. */
#include "agent/upkeep/collect/collect.h"

#include "lib/bytes.h"
#include "lib/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { REASON_MAX = 512, NAME_SHOWN = 36 };

static void add_row(struct collect *c, const char *what, const char *name, int64_t bytes,
		    bool removed, const char *reason)
{
	json_array_append_new(c->rows, json_pack("{s:s, s:s?, s:I, s:b, s:s}", "what", what, "name",
						 name, "size_bytes", (json_int_t)bytes, "removed",
						 removed, "reason", reason));
}

void collect_say(struct collect *c, const char *what, const char *name, int64_t bytes,
		 const char *fmt, ...)
{
	char reason[REASON_MAX], quoted[2 * REASON_MAX], size[BYTES_WORDS];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	c->removed++;
	c->removed_bytes += bytes;
	if (c->json)
		add_row(c, what, name, bytes, !c->dry, reason);
	else if (!c->quiet)
		printf("%s %s %.*s, %s: %s\n", c->dry ? "would remove" : "removed", what,
		       NAME_SHOWN, name, bytes_words(size, bytes), reason);
	if (!c->dry && c->quiet)
		log_info("event=collected what=%s name=%s size_bytes=%" PRId64 " reason=%s", what,
			 name, bytes, log_quote(quoted, sizeof(quoted), reason));
}

void collect_say_stays(struct collect *c, const char *what, const char *name, const char *reason)
{
	if (c->json)
		add_row(c, what, name, 0, false, reason);
	else if (!c->quiet)
		printf("%s %.*s stays: %s\n", what, NAME_SHOWN, name, reason);
}

void collect_say_lacking(struct collect *c, const char *what, int64_t bytes, const char *fmt, ...)
{
	char reason[REASON_MAX], quoted[2 * REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	c->lacking = true;
	if (c->json)
		add_row(c, what, NULL, bytes, false, reason);
	else if (!c->quiet)
		printf("%s: %s\n", what, reason);
	else
		log_warn("event=over-budget what=%s size_bytes=%" PRId64 " reason=%s", what, bytes,
			 log_quote(quoted, sizeof(quoted), reason));
}

const char *collect_date(int64_t wall_ms, char buf[32])
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&s, &tm) || strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		*buf = '\0';
	return buf;
}

void collect_say_end(const struct collect *c)
{
	char size[BYTES_WORDS];

	if (c->json) {
		json_dumpf(c->rows, stdout, JSON_ENSURE_ASCII | JSON_INDENT(2));
		putchar('\n');
	} else if (!c->quiet) {
		printf("%" PRId64 " %s, %s\n", c->removed, c->dry ? "would go" : "removed",
		       bytes_words(size, c->removed_bytes));
	}
}
