/* print: prints a table of settings for users. DIAGNOSTICS: none; the caller checks ferror. */
#include "conf/setting.h"
#include "conf/value.h"

#include <string.h>

enum { PRINT_WIDTH = 96, MAN_WIDTH = 92 };

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

/* Prints a fallback; "$name" becomes that setting's own fallback. */
static void print_fallback(FILE *out, const struct settings *t, const char *text)
{
	size_t len;

	if (*text != '$') {
		fputs(text, out);
		return;
	}
	len = strcspn(text + 1, "/");
	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->list[i].name) == len && memcmp(t->list[i].name, text + 1, len) == 0)
			print_fallback(out, t, t->list[i].fallback);
	fputs(text + 1 + len, out);
}

static void print_yaml(FILE *out, const struct settings *t, const struct setting *k)
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

static void print_roff(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			fputs("\\e", out);
		else if (text[i] == '-')
			fputs("\\-", out);
		else
			fputc(text[i], out);
	}
}

/* Returns true if the next line of roff may begin at text: no control character is first. */
static bool may_begin(const char *text)
{
	return *text != '.' && *text != '\'';
}

/* Returns the length of the first line of text: it ends with a sentence, or at MAN_WIDTH. */
static size_t man_line(const char *text)
{
	size_t len = 0, fits = 0;

	for (; text[len] && (len <= MAN_WIDTH || fits == 0); len++) {
		if (text[len] != ' ' || !may_begin(text + len + 1))
			continue;
		fits = len;
		if (len > 0 && text[len - 1] == '.')
			return len;
	}
	return fits > 0 && (text[len] || len > MAN_WIDTH) ? fits : len;
}

/* Prints a paragraph; each sentence begins a line. */
static void print_paragraph(FILE *out, const char *text)
{
	while (*text) {
		size_t len = man_line(text);

		print_roff(out, text, len);
		fputc('\n', out);
		text += len;
		text += *text == ' ';
	}
}

static void print_man(FILE *out, const struct setting *k)
{
	char allowed[VALUE_ALLOWED], sentence[VALUE_ALLOWED + 16];
	const char *fallback = k->fallback ? k->fallback + (k->fallback[0] == '$') : NULL;

	fprintf(out, ".TP\n.B %s\n", k->name);
	print_paragraph(out, k->help);
	fputs(".br\n", out);
	snprintf(sentence, sizeof(sentence), "Allowed: %s.", value_allowed(k, allowed));
	print_paragraph(out, sentence);
	if (k->required || !k->fallback) {
		fputs(k->required ? "Required.\n" : "Not set by default.\n", out);
		return;
	}
	fputs("Default: ", out);
	if (*fallback)
		print_roff(out, fallback, strlen(fallback));
	else
		fputs("empty", out);
	fputs(".\n", out);
}

void settings_print(const struct settings *t, FILE *out, enum settings_form form)
{
	for (size_t i = 0; i < t->n; i++) {
		if (form == SETTINGS_YAML)
			print_yaml(out, t, &t->list[i]);
		else
			print_man(out, &t->list[i]);
	}
}
