/*
 * pathglob: matches a path against a pattern. Pure.
 *
 * A pattern without a slash is compared with the last component, at any depth. A pattern with a
 * slash is compared with the whole path; a leading slash adds nothing. `*`, `?` and `[…]` match
 * within a component, as in fnmatch(3). A component `**` matches any number of components,
 * including none; at the end it matches at least one.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_PATHGLOB_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_PATHGLOB_H

#include <stdbool.h>

/* path is relative, without empty components. A pattern with many `**` is slow on a deep path, so
 * use operators' patterns only. */
bool pathglob_matches(const char *pattern, const char *path);

#endif
