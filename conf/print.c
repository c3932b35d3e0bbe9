/* print: prints a table of keys for users. DIAGNOSTICS: none; the caller checks ferror. */
#include "conf/table.h"
#include "conf/value.h"

#include <string.h>

enum { PRINT_WIDTH = 96 };

/* Prints help as lines of "# …". */
static void print_comment(FILE *out, const char *text)
{
	while (*text) {
		size_t len = strlen(text);

		if (len > PRINT_WIDTH) {
			len = PRINT_WIDTH;
			while (len > 0 && text[len] != ' ')
				len--;
		}
		fprintf(out, "# %.*s\n", (int)len, text);
		text += len;
		text += *text == ' ';
	}
}

/* Prints a fallback; "$key" becomes that key's own fallback. */
static void print_fallback(FILE *out, const struct table *t, const char *text)
{
	size_t len;

	if (*text != '$') {
		fputs(text, out);
		return;
	}
	len = strcspn(text + 1, "/");
	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->keys[i].name) == len && memcmp(t->keys[i].name, text + 1, len) == 0)
			print_fallback(out, t, t->keys[i].fallback);
	fputs(text + 1 + len, out);
}

static void print_yaml(FILE *out, const struct table *t, const struct key *k)
{
	char allowed[VALUE_ALLOWED], help[2048];

	snprintf(help, sizeof(help), "%s: %s Allowed: %s.%s", k->name, k->help,
		 value_allowed(k, allowed),
		 k->fallback || k->required ? "" : " Not set by default.");
	print_comment(out, help);
	fprintf(out, "#%s:%s", k->name, k->fallback && *k->fallback ? " " : "");
	if (k->fallback)
		print_fallback(out, t, k->fallback);
	fputs("\n\n", out);
}

static void print_roff(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

static void print_man(FILE *out, const struct key *k)
{
	char allowed[VALUE_ALLOWED];

	fprintf(out, ".TP\n.B %s\n", k->name);
	print_roff(out, k->help);
	fputs("\n.br\nAllowed: ", out);
	print_roff(out, value_allowed(k, allowed));
	fputs(k->required   ? ". Required.\n"
	      : k->fallback ? ". Default: "
			    : ". Not set by default.\n",
	      out);
	if (k->required || !k->fallback)
		return;
	if (!*k->fallback)
		fputs("empty", out);
	else
		print_roff(out, k->fallback + (k->fallback[0] == '$'));
	fputs(".\n", out);
}

void table_print(const struct table *t, FILE *out, enum table_form form)
{
	for (size_t i = 0; i < t->n; i++) {
		if (form == TABLE_YAML)
			print_yaml(out, t, &t->keys[i]);
		else
			print_man(out, &t->keys[i]);
	}
}
