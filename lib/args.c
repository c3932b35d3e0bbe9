/* args: DIAGNOSTICS: args_check returns ERR_OPERATOR if the configuration asks for too many
 * words. */
#include "lib/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void args_add(struct args *a, const char *word)
{
	args_addf(a, "%s", word);
}

void args_addf(struct args *a, const char *fmt, ...)
{
	va_list ap;

	if (a->n++ >= ARGS_MAX)
		return;
	va_start(ap, fmt);
	if (vasprintf(&a->list[a->n - 1], fmt, ap) < 0)
		abort();
	va_end(ap);
	a->list[a->n] = NULL;
}

int args_check(const struct args *a, struct err *e)
{
	if (a->n > ARGS_MAX)
		return err_set(e, ERR_OPERATOR, "%zu arguments for %s; at most %d are allowed",
			       a->n, a->list[0], ARGS_MAX);
	return 0;
}

const char *const *args_list(struct args *a)
{
	return (const char *const *)a->list;
}

void args_fini(struct args *a)
{
	for (size_t i = 0; i < a->n && i < ARGS_MAX; i++)
		free(a->list[i]);
	a->n = 0;
}
