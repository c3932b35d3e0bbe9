/*
 * head: what a clone checks out. A repository is made before anybody knows what its first branch will be called; where HEAD
 * names none that is there, a clone would check out nothing.
 */
#ifndef HORNERO_HOOKS_HEAD_H
#define HORNERO_HOOKS_HEAD_H

#include "hooks/place.h"

#include <stdbool.h>

/* In the bare repository, after the refs have moved: where HEAD names a branch that is not there and the push made one
 * branch, HEAD is that one. Whether that came to pass. */
bool head_settle(const struct pushed *pushed);

#endif
