/* refline: pure. DIAGNOSTICS: none; malformed lines are skipped. */
#include "hooks/refline.h"

#include "lib/hex.h"

#include <string.h>

static bool is_part(const char *part, size_t len)
{
	static const char lock[] = ".lock";
	size_t tail = sizeof(lock) - 1;

	if (len == 0 || part[0] == '.')
		return false;
	return len < tail || memcmp(part + len - tail, lock, tail) != 0;
}

bool refline_ref_valid(const char *ref)
{
	size_t len = strnlen(ref, REFLINE_REF_MAX + 1);

	if (len > REFLINE_REF_MAX || strncmp(ref, "refs/", 5) != 0 || ref[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)ref[i] <= ' ' || ref[i] == 0x7f || strchr("~^:?*[\\", ref[i]))
			return false;
	if (strstr(ref, "..") || strstr(ref, "@{"))
		return false;
	for (const char *part = ref;; part++) {
		size_t n = strcspn(part, "/");

		if (!is_part(part, n))
			return false;
		part += n;
		if (*part == '\0')
			return true;
	}
}

int refline_next(char **at, char *end, struct refline *out)
{
	char *line = *at;
	char *stop, *new, *ref;

	if (line >= end)
		return 0;
	stop = memchr(line, '\n', (size_t)(end - line));
	if (!stop) {
		*at = end;
		return -1;
	}
	*at = stop + 1;
	*stop = '\0';
	if (strlen(line) != (size_t)(stop - line)) /* a NUL inside */
		return -1;
	new = strchr(line, ' ');
	ref = new ? strchr(new + 1, ' ') : NULL;
	if (!ref)
		return -1;
	*new++ = '\0';
	*ref++ = '\0';
	if (!hex_is_oid(line) || !hex_is_oid(new) || strlen(line) != strlen(new) ||
	    !refline_ref_valid(ref))
		return -1;
	*out = (struct refline){.old = line, .new = new, .ref = ref};
	return 1;
}

bool refline_deletes(const struct refline *r)
{
	return r->new[strspn(r->new, "0")] == '\0';
}
