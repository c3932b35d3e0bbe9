/*
 * cpulist: sets of processors as people and the kernel write them: "0-3,8", and with Nova's "^2", which takes one out
 * again. Pure.
 */
#ifndef HORNERO_LIB_CPULIST_H
#define HORNERO_LIB_CPULIST_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { CPULIST_CPUS = 8192 /* as many as Linux can have */, CPULIST_TEXT = 4096 };

struct cpulist {
	bool has[CPULIST_CPUS];
};

/* ERR_USAGE: what is wrong in text. The empty list is none. */
int cpulist_parse(const char *text, struct cpulist *out, struct err *e);

/* Ranges, ascending. False: nobody is in it, or it is longer than any kernel's. */
bool cpulist_format(const struct cpulist *l, char buf[CPULIST_TEXT]);

/* Those of a that are not in b, in a. */
void cpulist_subtract(struct cpulist *a, const struct cpulist *b);

#endif
