/* uuid: Glance's image ids, in the one spelling Nova hashes: 36 characters,
 * lower case, 8-4-4-4-12 hexadecimal digits. */
#ifndef HORNERO_LIB_UUID_H
#define HORNERO_LIB_UUID_H

#include <stdbool.h>

enum { UUID_LEN = 36 };

/* True for the canonical spelling only. */
bool uuid_valid(const char *s);

/* Canonical spelling of s (upper case accepted) in out; false if s is no UUID. */
bool uuid_canonical(const char *s, char out[UUID_LEN + 1]);

/* A random one of RFC 4122's version 4. False where the kernel gives no random bytes. */
bool uuid_random(char out[UUID_LEN + 1]);

#endif
