/*
 * args: builds an argument list piece by piece.
 *
 *     own_args struct args a = ARGS_INIT;
 *     args_add(&a, "--bind");
 *     args_addf(&a, "%s/src", work);
 *     if (args_check(&a, e) < 0) …          too many: checked once, at the end
 *     s.argv = args_list(&a);
 */
#ifndef HORNERO_LIB_ARGS_H
#define HORNERO_LIB_ARGS_H

#include "lib/err.h"

#include <stddef.h>

enum { ARGS_MAX = 512 };

struct args {
	char *list[ARGS_MAX + 1];
	size_t n; /* may exceed ARGS_MAX; args_check reports that */
};

#define ARGS_INIT {.n = 0}

/* Adds a copy of word. */
void args_add(struct args *a, const char *word);
void args_addf(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int args_check(const struct args *a, struct err *e);
/* Returns the NULL-terminated list, which a owns. It is valid until the next addition. */
const char *const *args_list(struct args *a);
void args_fini(struct args *a);

#define own_args __attribute__((cleanup(args_fini)))

#endif
