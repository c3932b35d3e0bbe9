/*
 * args: an argument list put together piece by piece.
 *
 *     own_args struct args a = ARGS_INIT;
 *     args_add(&a, "--bind");
 *     args_addf(&a, "%s/src", work);
 *     if (args_check(&a, e) < 0) …          too many, once, at the end
 *     s.argv = args_list(&a);
 */
#ifndef HORNERO_LIB_ARGS_H
#define HORNERO_LIB_ARGS_H

#include "lib/err.h"

#include <stddef.h>

enum { ARGS_MAX = 512 };

struct args {
	char *list[ARGS_MAX + 1];
	size_t n; /* may pass ARGS_MAX: then args_check says so */
};

#define ARGS_INIT {.n = 0}

/* A copy of word is added. */
void args_add(struct args *a, const char *word);
void args_addf(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int args_check(const struct args *a, struct err *e);
/* NULL-terminated, lives as long as a and until the next addition. */
const char *const *args_list(struct args *a);
void args_fini(struct args *a);

#define own_args __attribute__((cleanup(args_fini)))

#endif
