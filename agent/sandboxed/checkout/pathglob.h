/*
 * pathglob: does a path fit a pattern? Pure.
 *
 * A pattern without a slash is compared with the last component, at any depth. One with a slash is compared with the whole
 * path, a slash in front adds nothing. `*`, `?` and `[…]` stay within a component, as fnmatch(3) has them; a component
 * `**` is any number of components, none included, but at least one at the end.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_PATHGLOB_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_PATHGLOB_H

#include <stdbool.h>

/* path: relative, without empty components. A pattern of many `**` takes long on a deep path: the operator's patterns only. */
bool pathglob_matches(const char *pattern, const char *path);

#endif
