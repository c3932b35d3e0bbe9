/* pathglob: pure. DIAGNOSTICS: none; a component that is too long matches nothing. */
#include "agent/sandboxed/checkout/pathglob.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

enum { COMPONENT_MAX = 255 };

static bool fits(const char *pattern, size_t plen, const char *name, size_t len)
{
	char p[COMPONENT_MAX + 1], n[COMPONENT_MAX + 1];

	if (plen > COMPONENT_MAX || len > COMPONENT_MAX)
		return false;
	memcpy(p, pattern, plen);
	p[plen] = '\0';
	memcpy(n, name, len);
	n[len] = '\0';
	return fnmatch(p, n, 0) == 0;
}

static bool match(const char *pattern, const char *path)
{
	for (;;) {
		size_t plen = strcspn(pattern, "/"), len = strcspn(path, "/");
		const char *rest = pattern + plen + (pattern[plen] == '/');

		if (*pattern == '\0' || *path == '\0')
			return *pattern == *path;
		if (plen == 2 && memcmp(pattern, "**", 2) == 0) {
			if (*rest == '\0' || match(rest, path))
				return true;
			rest = pattern;
		} else if (!fits(pattern, plen, path, len)) {
			return false;
		}
		pattern = rest;
		path += len + (path[len] == '/');
	}
}

bool pathglob_matches(const char *pattern, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!strchr(pattern, '/'))
		return fits(pattern, strlen(pattern), slash ? slash + 1 : path,
			    strlen(slash ? slash + 1 : path));
	return match(pattern + (*pattern == '/'), path);
}
