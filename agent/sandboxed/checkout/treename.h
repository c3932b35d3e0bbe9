/*
 * treename: decides which names of a pushed tree may become files. Pure.
 *
 * The rules are git's (verify_path in its read-cache.c, with core.protectHFS and core.protectNTFS
 * on). We check again because a repository may have been pushed with checks off, and a tool that a
 * builder runs may treat a directory `.git`, or one that NTFS or HFS+ would take for it, as a
 * repository with hooks.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_TREENAME_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_TREENAME_H

#include <stddef.h>

/* Returns NULL if the name is allowed, else the reason ("is git's own directory"). */
const char *treename_refuse(const char *name, size_t len);

#endif
