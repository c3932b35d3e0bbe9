/* range: DIAGNOSTICS: none. */
#include "serve/range.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DIGITS_MAX = 18 }; /* always fit into 63 bits */

/* Reads digits from *at on and moves it behind them. Returns false if there are none, or too
 * many. */
static bool read_number(const char **at, uint64_t *out)
{
	size_t len = strspn(*at, "0123456789");

	*out = strtoull(*at, NULL, 10);
	*at += len;
	return len > 0 && len <= DIGITS_MAX;
}

/* "-N": the last N bytes. */
static enum range read_suffix(const char *at, uint64_t size, uint64_t *first, uint64_t *n)
{
	uint64_t last;

	if (!read_number(&at, &last) || *at)
		return RANGE_ALL;
	if (last == 0 || size == 0)
		return RANGE_NONE;
	*n = last < size ? last : size;
	*first = size - *n;
	return RANGE_PART;
}

enum range range_read(const char *header, uint64_t size, uint64_t *first, uint64_t *n)
{
	static const char unit[] = "bytes=";
	uint64_t from, last = UINT64_MAX;
	const char *at;

	if (!header || strncasecmp(header, unit, sizeof(unit) - 1) != 0)
		return RANGE_ALL;
	at = header + sizeof(unit) - 1;
	if (*at == '-')
		return read_suffix(at + 1, size, first, n);
	if (!read_number(&at, &from) || *at++ != '-')
		return RANGE_ALL;
	if (*at && (!read_number(&at, &last) || *at || last < from))
		return RANGE_ALL;
	if (from >= size)
		return RANGE_NONE;
	*first = from;
	*n = (last < size ? last : size - 1) - from + 1;
	return RANGE_PART;
}
