/* span: DIAGNOSTICS: aborts without memory. */
#include "cli/span.h"

#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int64_t span_percentile(struct span *s, int percent)
{
	if (s->n == 0)
		return 0;
	qsort(s->ms, s->n, sizeof(s->ms[0]), by_size);
	return s->ms[(s->n * (size_t)percent + 99) / 100 - 1];
}

void span_add(struct span *s, int64_t ms)
{
	int64_t *more = s->n == s->room ? reallocarray(s->ms, 2 * s->room + 64, sizeof(*more))
					: s->ms;

	if (!more)
		abort();
	s->room = s->n == s->room ? 2 * s->room + 64 : s->room;
	s->ms = more;
	s->ms[s->n++] = ms;
}

void span_fini(struct span *s)
{
	free(s->ms);
	*s = (struct span){0};
}
