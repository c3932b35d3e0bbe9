/*
 * cpulist: sets of processors in the notation of the kernel, "0-3,8", and with Nova's "^2", which
 * excludes one. Pure.
 */
#ifndef HORNERO_LIB_CPULIST_H
#define HORNERO_LIB_CPULIST_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { CPULIST_CPUS = 8192 /* Linux's maximum */, CPULIST_TEXT = 4096 };

struct cpulist {
	bool has[CPULIST_CPUS];
};

/* Parses text into out. Returns 0, or -1 with ERR_USAGE and the offending part. An empty list is an
 * error. */
int cpulist_parse(const char *text, struct cpulist *out, struct err *e);

/* Formats l as ascending ranges. Returns false if l is empty or the text does not fit. */
bool cpulist_format(const struct cpulist *l, char buf[CPULIST_TEXT]);

/* Removes from a the processors that are in b. */
void cpulist_subtract(struct cpulist *a, const struct cpulist *b);

#endif
