/* novaconf: DIAGNOSTICS: as fs. Lines of other forms are passed over: Nova reports them
 * itself. */
#include "conf/novaconf.h"

#include "lib/fs.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 4 << 20 };

int novaconf_load(const char *path, char **text, struct err *e)
{
	size_t len;

	return fs_read(AT_FDCWD, path, FILE_MAX, text, &len, e);
}

/* Returns whether the len bytes are exactly that word. */
static bool is_word(const char *at, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(at, word, len) == 0;
}

static size_t trimmed(const char **at, size_t len)
{
	while (len > 0 && isspace((unsigned char)**at))
		(*at)++, len--;
	while (len > 0 && isspace((unsigned char)(*at)[len - 1]))
		len--;
	return len;
}

int novaconf_find(const char *text, const char *section, const char *name,
		  char value[NOVACONF_VALUE_MAX])
{
	bool is_in = strcmp(section, "DEFAULT") == 0;
	int found = 0;

	while (*text) {
		size_t all = strcspn(text, "\n"), len = all, sign;
		const char *at = text, *after;

		text += all + (text[all] == '\n');
		/* An indented line continues the one before. */
		if (len == 0 || isspace((unsigned char)*at) || *at == '#' || *at == ';')
			continue;
		len = trimmed(&at, len);
		if (*at == '[' && at[len - 1] == ']') {
			is_in = is_word(at + 1, len - 2, section);
			continue;
		}
		sign = strcspn(at, "=:\n");
		if (!is_in || sign >= len)
			continue;
		after = at + sign + 1;
		len = len - sign - 1;
		if (!is_word(at, trimmed(&at, sign), name))
			continue;
		len = trimmed(&after, len);
		snprintf(value, NOVACONF_VALUE_MAX, "%.*s", (int)len, after);
		found = 1;
	}
	return found;
}
