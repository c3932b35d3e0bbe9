/* textwidth: DIAGNOSTICS: none; without the locale C.UTF-8 each character takes one column. */
#include "cli/textwidth.h"

#include <limits.h>
#include <locale.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

/* Reads one character. Returns its columns. */
static int step(const char **s)
{
	mbstate_t state = {0};
	wchar_t c;
	size_t n = mbrtowc(&c, *s, MB_LEN_MAX, &state);
	int columns = 1;

	if (n == 0 || n > MB_LEN_MAX)
		n = 1;
	else
		columns = wcwidth(c);
	*s += n;
	return columns < 0 ? 1 : columns;
}

static size_t measure(const char *s, int most, int *columns)
{
	static locale_t utf8;
	const char *at = s, *next = s;
	locale_t before;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	before = uselocale(utf8);
	for (*columns = 0; *at; at = next) {
		int more = step(&next);

		if (more > most - *columns)
			break;
		*columns += more;
	}
	uselocale(before);
	return (size_t)(at - s);
}

int text_width(const char *s)
{
	int columns;

	measure(s, INT_MAX, &columns);
	return columns;
}

size_t text_fitting(const char *s, int most)
{
	int columns;

	return measure(s, most, &columns);
}
