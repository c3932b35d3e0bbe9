/*
 * treename: which names of a pushed tree become files. Pure.
 *
 * Git's own rules (verify_path in its read-cache.c, with core.protectHFS and core.protectNTFS on):
 * the repository may have been pushed with checks off, and what a builder runs may treat a
 * directory `.git`, or what NTFS and HFS+ take for one, as a repository with hooks.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_TREENAME_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_TREENAME_H

#include <stddef.h>

/* NULL where the name may be used, else why not ("is git's own directory"). */
const char *treename_refuse(const char *name, size_t len);

#endif
