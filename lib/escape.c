/* escape: pure. DIAGNOSTICS: none; any input gives printable output. */
#include "lib/escape.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Returns the length of the well-formed UTF-8 sequence at s and stores its code point in *cp; 0 if
 * malformed. */
static size_t utf8_at(const unsigned char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3
		 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;

	if (n == 0 || n > len)
		return 0;
	*cp = n == 1 ? s[0] : (uint32_t)(s[0] & (0x7f >> n));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (n > 1 && (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff)))
		return 0;
	return n;
}

static int is_harmless(uint32_t cp, enum escape_keep keep)
{
	if (cp == '\n' || cp == '\t')
		return keep == ESCAPE_LINES;
	if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
		return 0;
	/* U+061C, U+200E/F, U+2028..202E, U+2066..2069: line breaks and bidi controls */
	return !(cp == 0x61c || cp == 0x200e || cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) ||
		 (cp >= 0x2066 && cp <= 0x2069));
}

size_t escape_text(char *out, size_t size, const char *in, size_t len, enum escape_keep keep)
{
	const unsigned char *s = (const unsigned char *)in;
	size_t used = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		size_t n = utf8_at(s + i, len - i, &cp);

		if (n > 0 && is_harmless(cp, keep)) {
			if (used + n >= size)
				break;
			memcpy(out + used, s + i, n);
			used += n;
			i += n;
			continue;
		}
		if (used + 4 >= size)
			break;
		snprintf(out + used, 5, "\\x%02x", s[i]);
		used += 4;
		i++;
	}
	if (size > 0)
		out[used] = '\0';
	return used;
}

size_t escape_whole(const char *in, size_t len)
{
	const unsigned char *s = (const unsigned char *)in;

	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char c = s[len - back];
		size_t need = (c & 0xe0) == 0xc0   ? 2
			      : (c & 0xf0) == 0xe0 ? 3
			      : (c & 0xf8) == 0xf0 ? 4
						   : 0;

		if (need > back)
			return len - back;
		if ((c & 0xc0) != 0x80)
			break;
	}
	return len;
}
