/* say: prints lines of text; for users of the door, commands become what they can type.
 * DIAGNOSTICS: none. */
#include "cli/words.h"
#include "conf/keyring.h"
#include "conf/way.h"
#include "lib/escape.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

enum { TOKEN_MAX = 16 };

static const char hint[] = "`hornero ";

static const char *take_token(const char *text, char token[TOKEN_MAX])
{
	size_t n = 0;

	while (n < TOKEN_MAX - 1 && islower((unsigned char)text[n]))
		n++;
	snprintf(token, TOKEN_MAX, "%.*s", (int)n, text);
	return text + n + (text[n] == ' ');
}

/* Returns true if keys can use the command; others are for operators on the node. */
static bool is_for_keys(const char *text)
{
	char noun[TOKEN_MAX], verb[TOKEN_MAX];
	const struct word *w;
	int used;

	take_token(take_token(text, noun), verb);
	w = word_find((char *const[]){noun, verb, NULL}, 2, &used);
	return w && w->reach != WORD_HERE && w->reach != WORD_NODE;
}

/* Turns `hornero why 42` into `ssh -p 2222 git@compute-7 why 42`. */
static char *as_typed(const char *text, const struct way *way)
{
	char *typed = NULL;
	size_t size;
	FILE *out = open_memstream(&typed, &size);

	if (!out)
		abort();
	for (const char *at; (at = strstr(text, hint)); text = at + strlen(hint)) {
		fwrite(text, 1, (size_t)(at - text), out);
		fprintf(out, "`%s ", is_for_keys(at + strlen(hint)) ? way->ssh : "hornero");
	}
	fputs(text, out);
	fclose(out);
	return typed;
}

char *cli_typed(const char *text)
{
	struct way way;

	return way_read(&way) ? as_typed(text, &way) : fs_path("%s", text);
}

void cli_say(FILE *out, const char *fmt, ...)
{
	own_free char *text = NULL, *typed = NULL, *clean = NULL;
	va_list ap;
	size_t len;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	typed = cli_typed(text);
	len = strlen(typed);
	clean = malloc(4 * len + 1);
	if (!clean)
		abort();
	escape_text(clean, 4 * len + 1, typed, len, ESCAPE_LINE);
	fprintf(out, "%s\n", clean);
}

const char *cli_words(const struct cli *cli, char buf[CLI_WORDS_MAX])
{
	struct way way;

	if (!cli->key)
		snprintf(buf, CLI_WORDS_MAX, "hornero");
	else if (way_read(&way))
		snprintf(buf, CLI_WORDS_MAX, "%s", way.ssh);
	else
		snprintf(buf, CLI_WORDS_MAX, "hornero --key %s", cli->key->name);
	return buf;
}

char *cli_repo_shown(const struct cli *cli, const char *repo)
{
	struct way way;

	return cli->key && way_read(&way) ? fs_path("%s%s", way.url, repo)
					  : cli_repo_path(cli->conf, repo);
}
