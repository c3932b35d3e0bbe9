/* age: times in words. Pure. DIAGNOSTICS: none. */
#include "cli/table.h"

#include <inttypes.h>
#include <string.h>

char *put_number(char *buf, int64_t n)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (n < 0)
		*--at = '-';
	return mempcpy(buf, at, (size_t)(digits + sizeof(digits) - at));
}

/* Formats without snprintf: a listing of a hundred thousand rows spends its time here. */
const char *age_words(char buf[WORDS_MAX], int64_t ago_ms)
{
	static const struct {
		int64_t below_s, unit_s;
		const char *unit;
	} steps[] = {{60, 1, " s"}, {3600, 60, " min"}, {48 * 3600, 3600, " h"},
		     {INT64_MAX, 86400, " days"}};
	bool past = ago_ms >= 0;
	int64_t s = (past ? ago_ms : -ago_ms) / 1000;
	char *at = past ? buf : stpcpy(buf, "in ");
	int i = 0;

	if (s < 1) {
		strcpy(buf, past ? "just now" : "in a moment");
		return buf;
	}
	while (s >= steps[i].below_s)
		i++;
	at = stpcpy(put_number(at, s / steps[i].unit_s), steps[i].unit);
	strcpy(at, past ? " ago" : "");
	return buf;
}

const char *age_since(char buf[WORDS_MAX], int64_t then_ms, int64_t now_ms,
		      const struct steady *clock)
{
	age_words(buf, now_ms - then_ms);
	if (clock && then_ms <= now_ms && steady_was_changed(clock, then_ms))
		strcpy(buf + strlen(buf), " (clock was changed)");
	return buf;
}

const char *duration_words(char buf[WORDS_MAX], int64_t ms)
{
	if (ms < 1000)
		snprintf(buf, WORDS_MAX, "%" PRId64 " ms", ms);
	else if (ms < 60000)
		snprintf(buf, WORDS_MAX, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
	else if (ms < 3600000)
		snprintf(buf, WORDS_MAX, "%" PRId64 " min %" PRId64 " s", ms / 60000,
			 ms % 60000 / 1000);
	else
		snprintf(buf, WORDS_MAX, "%" PRId64 " h %" PRId64 " min", ms / 3600000,
			 ms % 3600000 / 60000);
	return buf;
}
