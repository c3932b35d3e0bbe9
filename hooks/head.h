/*
 * head: keeps HEAD on a branch that exists. `hornero repo create` runs before anybody knows the
 * name of the first branch; if HEAD names a branch that does not exist, a clone checks out nothing.
 */
#ifndef HORNERO_HOOKS_HEAD_H
#define HORNERO_HOOKS_HEAD_H

#include "hooks/target.h"

#include <stdbool.h>

/* Runs in the bare repository, after git has updated the refs. If HEAD names a branch that does not
 * exist, points it at an existing branch that an image follows, else at the only branch that this
 * push created. Returns true if HEAD moved. */
bool head_settle(const struct target *p, const struct pushed *pushed);

/* Runs before git updates the refs, because git refuses to delete the branch that HEAD names. HEAD
 * may follow a mistyped first branch: if this push deletes that branch, HEAD moves to an existing
 * branch that an image follows. Returns true if HEAD moved. */
bool head_leave(const struct target *p, const struct pushed *pushed);

#endif
