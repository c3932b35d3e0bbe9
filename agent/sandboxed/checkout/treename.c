/* treename: pure. DIAGNOSTICS: returns a reason in static storage, written for the pusher. */
#include "agent/sandboxed/checkout/treename.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Returns whether NTFS would take the name for `.git` or its short name `git~1`: any case, trailing
 * blanks and dots, a stream. */
static bool is_ntfs_dotgit(const char *s, size_t len)
{
	size_t at = len >= 4 && strncasecmp(s, ".git", 4) == 0 ? 4
		  : len >= 5 && strncasecmp(s, "git~1", 5) == 0 ? 5 : 0;

	if (at == 0)
		return false;
	for (; at < len && s[at] != '\\' && s[at] != ':'; at++)
		if (s[at] != '.' && s[at] != ' ')
			return false;
	return true;
}

/* HFS+ ignores these code points in a name: U+200C..200F, 202A..202E, 206A..206F, FEFF. Returns the
 * length of the one at s in UTF-8 (always three bytes), or 0 if there is none. */
static size_t hfs_ignored(const unsigned char *s, size_t len)
{
	uint32_t cp;

	if (len < 3 || (s[0] & 0xf0) != 0xe0)
		return 0;
	cp = (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
	if ((cp >= 0x200c && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) ||
	    (cp >= 0x206a && cp <= 0x206f) || cp == 0xfeff)
		return 3;
	return 0;
}

static bool is_hfs_dotgit(const char *s, size_t len)
{
	char bare[5];
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		size_t skip = hfs_ignored((const unsigned char *)s + i, len - i);

		if (skip == 0 && n == sizeof(bare))
			return false;
		if (skip == 0)
			bare[n++] = s[i++];
		i += skip;
	}
	return n == 4 && strncasecmp(bare, ".git", 4) == 0;
}

const char *treename_refuse(const char *name, size_t len)
{
	if (len == 0)
		return "is empty";
	if (len > 255)
		return "is longer than 255 bytes";
	if (memchr(name, '/', len))
		return "holds a slash";
	if (memchr(name, '\0', len))
		return "holds a NUL byte";
	if (len <= 2 && memcmp(name, "..", len) == 0)
		return "leads out of its directory";
	if (is_hfs_dotgit(name, len))
		return "is git's own directory";
	for (size_t i = 0; i < len; i++)
		if ((i == 0 || name[i - 1] == '\\') && is_ntfs_dotgit(name + i, len - i))
			return "is git's own directory";
	return NULL;
}
