/* hex: pure. DIAGNOSTICS: none. */
#include "lib/hex.h"

#include <string.h>

bool hex_is(const char *s, size_t digits)
{
	return strnlen(s, digits + 1) == digits && strspn(s, "0123456789abcdef") == digits;
}

bool hex_is_oid(const char *s)
{
	return hex_is(s, 40) || hex_is(s, 64);
}
