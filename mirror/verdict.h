/*
 * verdict: what git and ssh said of a fetch that failed, as a state and a sentence with the way
 * out. Pure.
 */
#ifndef HORNERO_MIRROR_VERDICT_H
#define HORNERO_MIRROR_VERDICT_H

#include "store/mirrored.h"

#include <stddef.h>

/* words is changed. access: the directory of the key and of known_hosts, for the sentence. */
enum mirrored_state verdict_of_fetch(char *words, const char *access, char *reason, size_t size);

#endif
