/*
 * symref: finds the ref to which a symbolic ref leads. git updates that one when the symbolic ref
 * is pushed to, so rights, signatures and images would be those of the wrong name.
 */
#ifndef HORNERO_HOOKS_SYMREF_H
#define HORNERO_HOOKS_SYMREF_H

#include <stdbool.h>

enum { SYMREF_MAX = 2048 };

/* Runs in the bare repository. Returns true if ref is symbolic: a file or, as git once wrote them,
 * a symbolic link. */
bool symref_target(const char *ref, char target[SYMREF_MAX]);

#endif
