/* wildcard: pure. DIAGNOSTICS: none. */
#include "lib/wildcard.h"

#include <stddef.h>
#include <string.h>

bool wildcard_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *from = NULL;

	if (*name == '.' && *pattern != '.')
		return false;
	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			from = name;
		} else if (*pattern && (*pattern == '?' || *pattern == *name)) {
			pattern++;
			name++;
		} else if (star) {
			/* Only the last `*` must be tried again: an earlier one gains nothing. */
			pattern = star;
			name = ++from;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

bool wildcard_is(const char *text)
{
	return strpbrk(text, "*?") != NULL;
}
