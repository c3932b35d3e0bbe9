/* cpulist: pure. DIAGNOSTICS: ERR_USAGE names the part that is neither a processor nor a range. */
#include "lib/cpulist.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parses a number below CPULIST_CPUS at *at and moves *at behind it. Returns -1 if there is
 * none. */
static long take_number(const char **at)
{
	char *end;
	long n;

	if (!isdigit((unsigned char)**at))
		return -1;
	errno = 0;
	n = strtol(*at, &end, 10);
	*at = end;
	return errno == 0 && n < CPULIST_CPUS ? n : -1;
}

/* Parses one part: N, N-M, ^N or ^N-M. An excluded processor stays out wherever "^" stands. */
static bool take_part(const char **at, bool in[CPULIST_CPUS], bool out[CPULIST_CPUS])
{
	bool *to = **at == '^' ? out : in;
	long first, last;

	*at += **at == '^';
	first = last = take_number(at);
	if (first >= 0 && **at == '-') {
		(*at)++;
		last = take_number(at);
	}
	if (first < 0 || last < first)
		return false;
	for (long i = first; i <= last; i++)
		to[i] = true;
	return true;
}

int cpulist_parse(const char *text, struct cpulist *list, struct err *e)
{
	struct cpulist out = {{false}};
	const char *at = text;

	*list = out;
	for (;;) {
		const char *part = at += strspn(at, " ");

		if (!take_part(&at, list->has, out.has))
			return err_set(e, ERR_USAGE,
				       "\"%.*s\" is neither a processor nor a range below %d; "
				       "write them as 0-3,^2,8",
				       (int)strcspn(part, ","), part, CPULIST_CPUS);
		at += strspn(at, " \n");
		if (*at == '\0')
			break;
		if (*at++ != ',')
			return err_set(e, ERR_USAGE,
				       "a comma is missing in \"%s\"; write processors as 0-3,^2,8",
				       part);
	}
	cpulist_subtract(list, &out);
	return 0;
}

void cpulist_subtract(struct cpulist *a, const struct cpulist *b)
{
	for (int i = 0; i < CPULIST_CPUS; i++)
		a->has[i] = a->has[i] && !b->has[i];
}

bool cpulist_format(const struct cpulist *l, char buf[CPULIST_TEXT])
{
	size_t used = 0;

	buf[0] = '\0';
	for (int i = 0; i < CPULIST_CPUS; i++) {
		int first = i;

		if (!l->has[i])
			continue;
		while (i + 1 < CPULIST_CPUS && l->has[i + 1])
			i++;
		used += (size_t)snprintf(buf + used, CPULIST_TEXT - used, "%s%d",
					 used > 0 ? "," : "", first);
		if (i > first && used < CPULIST_TEXT)
			used += (size_t)snprintf(buf + used, CPULIST_TEXT - used, "-%d", i);
		if (used >= CPULIST_TEXT)
			return false;
	}
	return used > 0;
}
