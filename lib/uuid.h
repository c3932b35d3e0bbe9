/* uuid: Glance's image ids, in the one spelling that Nova hashes: 36 characters, lower case,
 * 8-4-4-4-12 hexadecimal digits. */
#ifndef HORNERO_LIB_UUID_H
#define HORNERO_LIB_UUID_H

#include <stdbool.h>

enum { UUID_LEN = 36 };

/* True for the canonical spelling only. */
bool uuid_valid(const char *s);

/* Stores the canonical spelling of s in out; accepts upper case. Returns false if s is not a
 * UUID. */
bool uuid_canonical(const char *s, char out[UUID_LEN + 1]);

/* Generates a random UUID, version 4 of RFC 4122. Returns false if the kernel gives no random
 * bytes. */
bool uuid_random(char out[UUID_LEN + 1]);

#endif
