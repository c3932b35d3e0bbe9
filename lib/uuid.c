/* uuid: pure. DIAGNOSTICS: false means "not a UUID". */
#include "lib/uuid.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

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

/* By hand rather than by uuid_canonical: listings ask for every row of a queue. */
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
