/* uuid: DIAGNOSTICS: none; false means that s is not a UUID, or that there are no random bytes. */
#include "lib/uuid.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

bool uuid_canonical(const char *s, char out[UUID_LEN + 1])
{
	char tmp[UUID_LEN + 1];

	if (strnlen(s, UUID_LEN + 1) != UUID_LEN)
		return false;
	for (size_t i = 0; i < UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		unsigned char c = (unsigned char)s[i];

		if (dash ? c != '-' : !isxdigit(c))
			return false;
		tmp[i] = (char)tolower(c);
	}
	tmp[UUID_LEN] = '\0';
	memcpy(out, tmp, sizeof(tmp));
	return true;
}

/* Does not use uuid_canonical, which is slower: listings check every row of a queue. */
bool uuid_valid(const char *s)
{
	for (size_t i = 0; i < UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = s[i];

		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return s[UUID_LEN] == '\0';
}

bool uuid_random(char out[UUID_LEN + 1])
{
	unsigned char b[16];
	size_t at = 0;

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return false;
	b[6] = (unsigned char)(0x40 | (b[6] & 0x0f));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
	for (size_t i = 0; i < sizeof(b); i++)
		at += (size_t)snprintf(out + at, UUID_LEN + 1 - at,
				       i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
				       b[i]);
	return true;
}
