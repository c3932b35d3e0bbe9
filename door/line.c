/* line: DIAGNOSTICS: ERR_USAGE, in words for the client. */
#include "door/line.h"

#include "conf/check.h"

#include <stdio.h>
#include <string.h>

static const struct line_service services[] = {
	{"receive-pack", true}, {"upload-pack", false}, {"upload-archive", false},
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies one word from *in to *out, unquoted and NUL-terminated. Returns -1 if a quote or a
 * backslash is left open. */
static int take_word(const char **in, char **out)
{
	const char *at = *in;
	char quote = '\0';

	for (; *at && (quote || !is_blank(*at)); at++) {
		if (quote ? *at == quote : *at == '\'' || *at == '"') {
			quote = quote ? '\0' : *at;
			continue;
		}
		if (*at == '\\' && quote != '\'') {
			/* Within double quotes a backslash is literal except before these. */
			if (at[1] == '\0')
				return -1;
			if (!quote || strchr("\"\\$`", at[1]))
				at++;
		}
		*(*out)++ = *at;
	}
	*(*out)++ = '\0';
	*in = at;
	return quote ? -1 : 0;
}

static int split(struct line *l, const char *text, struct err *e)
{
	char *out = l->words;

	if (strlen(text) > LINE_BYTES_MAX - 1)
		return err_set(e, ERR_USAGE, "the command has more than %d bytes",
			       LINE_BYTES_MAX - 1);
	for (;;) {
		while (is_blank(*text))
			text++;
		if (!*text)
			break;
		if (l->argc == LINE_ARGS_MAX)
			return err_set(e, ERR_USAGE, "the command has more than %d words",
				       LINE_ARGS_MAX);
		l->argv[l->argc++] = out;
		if (take_word(&text, &out) < 0)
			return err_set(e, ERR_USAGE, "the command ends inside a quote");
	}
	l->argv[l->argc] = NULL;
	return 0;
}

static void drop_word(struct line *l)
{
	memmove(l->argv, l->argv + 1, sizeof(l->argv[0]) * (size_t)l->argc);
	l->argc--;
}

/* Accepts git-NAME, and git NAME as some clients write it. */
static const struct line_service *find_service(struct line *l)
{
	const char *name = l->argv[0];

	if (strcmp(name, "git") == 0 && l->argc > 1)
		name = l->argv[1];
	else if (strncmp(name, "git-", 4) == 0)
		name += 4;
	else
		return NULL;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (strcmp(name, services[i].name) != 0)
			continue;
		if (name == l->argv[1])
			drop_word(l);
		return &services[i];
	}
	return NULL;
}

/* ssh://NODE:PORT/NAME arrives as /NAME: drop one slash in front, and those at the end, which URLs
 * often have. There is no home directory. */
static int read_repo(struct line *l, struct err *e)
{
	const char *name = l->argv[1];
	size_t len;

	if (l->argc != 2)
		return err_set(e, ERR_USAGE, "git %s takes the name of one repository",
			       l->service->name);
	if (*name == '/')
		name++;
	len = strlen(name);
	while (len > 1 && name[len - 1] == '/')
		len--;
	if (len > 4 && strncmp(name + len - 4, ".git", 4) == 0)
		len -= 4;
	if (len >= sizeof(l->repo))
		return err_set(e, ERR_USAGE, "the name of the repository is too long");
	memcpy(l->repo, name, len);
	l->repo[len] = '\0';
	return check_repo(l->repo, e);
}

int line_parse(struct line *l, const char *text, struct err *e)
{
	l->service = NULL;
	l->repo[0] = '\0';
	l->argc = 0;
	if (split(l, text, e) < 0)
		return -1;
	if (l->argc > 0 && (l->service = find_service(l)))
		return read_repo(l, e);
	if (l->argc > 0 && strcmp(l->argv[0], "hornero") == 0)
		drop_word(l);
	return 0;
}
