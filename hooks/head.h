/*
 * head: what a clone checks out. A repository is made before anybody knows what its first branch will be called; where HEAD
 * names none that is there, a clone would check out nothing.
 */
#ifndef HORNERO_HOOKS_HEAD_H
#define HORNERO_HOOKS_HEAD_H

#include "hooks/place.h"

#include <stdbool.h>

/* In the bare repository, after the refs have moved. If HEAD names a branch that is not there, it names one that an image follows
 * and that is there, else the only branch that this push made. Returns true if HEAD moved. */
bool head_settle(const struct place *p, const struct pushed *pushed);

/* Before git updates the refs: it refuses to delete the branch that HEAD names. A first odd branch became HEAD's, so a push that
 * deletes it moves HEAD to a branch that an image follows and that is there already. Returns true if HEAD moved. */
bool head_leave(const struct place *p, const struct pushed *pushed);

#endif
