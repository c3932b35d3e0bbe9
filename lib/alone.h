/* alone: a program that must run once has a directory of its own, which is its lock. */
#ifndef HORNERO_LIB_ALONE_H
#define HORNERO_LIB_ALONE_H

#include "lib/err.h"

/* Makes the directory if it is missing, locks it, and removes what a killed process of the program
 * left there. Returns a descriptor, which is the lock, or -1: ERR_NOBODY if another process has
 * it. */
int alone_take(const char *dir, const char *program, struct err *e);

/* Whether a process has the lock: 1, 0, or -1 if that cannot be seen. */
int alone_is_taken(const char *dir);

#endif
