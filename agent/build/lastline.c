/* lastline: DIAGNOSTICS: none. */
#include "agent/build/lastline.h"

#include <stdbool.h>
#include <string.h>

/* Make's line about a failed tool says less than the tool's own. */
static bool is_epilogue(const char *line)
{
	return strncmp(line, "make", 4) == 0 && (line[4] == ':' || line[4] == '[') &&
	       (strstr(line, "***") || strstr(line, "Leaving directory"));
}

static void end_line(struct lastline *l)
{
	l->now[l->used] = '\0';
	if (strspn(l->now, " \t") < l->used && (!*l->last || !is_epilogue(l->now)))
		memcpy(l->last, l->now, l->used + 1);
	l->used = 0;
}

void lastline_take(struct lastline *l, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			end_line(l);
		else if (l->used < sizeof(l->now) - 1 && data[i] != '\0' && data[i] != '\r')
			l->now[l->used++] = data[i];
	}
	l->now[l->used] = '\0';
}

const char *lastline_text(const struct lastline *l)
{
	bool is_more = strspn(l->now, " \t") < l->used && (!*l->last || !is_epilogue(l->now));

	return is_more ? l->now : l->last;
}

/* Messages of curl, git, pip, npm, apt, go and the C library. */
static const char *const no_network[] = {
	"Could not resolve", "Couldn't resolve", "emporary failure in name resolution",
	"emporary failure resolving", "Name or service not known", "Network is unreachable",
	"getaddrinfo", "ENETUNREACH", "EAI_AGAIN", "dial tcp",
};
static const char *const not_visible[] = {"/opt/", "/home/", "/root/", "/srv/", "/var/", "/mnt/"};

const char *lastline_hint(const char *text)
{
	for (size_t i = 0; i < sizeof(no_network) / sizeof(no_network[0]); i++)
		if (strstr(text, no_network[i]))
			return "; a build has no network: push what it needs, or make it an input "
			       "of the builder";
	for (size_t i = 0; i < sizeof(not_visible) / sizeof(not_visible[0]); i++)
		if (strstr(text, not_visible[i]) &&
		    (strstr(text, "No such file") || strstr(text, "not found")))
			return "; a build sees only /usr of the node, and the inputs of its "
			       "builder";
	return "";
}
