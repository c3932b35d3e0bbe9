/* grammar: finding, suggesting and explaining words. DIAGNOSTICS: none. */
#include "cli/words.h"

#include <ctype.h>
#include <string.h>

const struct word *word_find(char *const *argv, int argc, int *used)
{
	for (const struct word *w = word_table; w->name; w++) {
		const char *blank = strchr(w->name, ' ');
		size_t noun = blank ? (size_t)(blank - w->name) : strlen(w->name);

		if (strlen(argv[0]) != noun || strncmp(argv[0], w->name, noun) != 0)
			continue;
		if (blank && (argc < 2 || strcmp(argv[1], blank + 1) != 0))
			continue;
		*used = blank ? 2 : 1;
		return w;
	}
	return NULL;
}

bool word_is_noun(const char *noun)
{
	size_t len = strlen(noun);

	for (const struct word *w = word_table; w->name; w++)
		if (strncmp(w->name, noun, len) == 0 && w->name[len] == ' ')
			return true;
	return false;
}

static void synopsis(FILE *out, const struct word *w)
{
	fprintf(out, "usage: hornero %s", w->name);
	for (const struct word_option *o = w->options; o && o->name; o++)
		fprintf(out, " [--%s%s%s]", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	fprintf(out, "%s%s%s\n", w->json ? " [--json]" : "", *w->args ? " " : "", w->args);
}

static void option_line(FILE *out, char letter, const char *name, const char *arg, const char *help)
{
	char left[40];
	char both[8] = "    ";

	if (letter)
		snprintf(both, sizeof(both), "-%c, ", letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", both, name, arg ? " " : "", arg ? arg : "");
	fprintf(out, "  %-20s  %s\n", left, help);
}

void word_help(FILE *out, const struct word *w)
{
	synopsis(out, w);
	fprintf(out, "\n%c%s.\n", toupper((unsigned char)*w->summary), w->summary + 1);
	if (*w->help)
		fprintf(out, "\n%s\n", w->help);
	fputc('\n', out);
	for (const struct word_option *o = w->options; o && o->name; o++)
		option_line(out, o->letter, o->name, o->arg, o->help);
	if (w->json)
		option_line(out, 0, "json", NULL, "for programs; the names are the column names");
	option_line(out, 'c', "conf", "FILE", "the configuration; default $HORNERO_CONF, else the system's");
	option_line(out, 'h', "help", NULL, "this");
}

static bool is_shown(const struct word *w, bool with_key)
{
	return !with_key || w->reach != WORD_HERE;
}

static void word_line(FILE *out, const struct word *w)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%s%s", w->name, *w->args ? " " : "", w->args);
	fprintf(out, "  hornero %-30s %s\n", left, w->summary);
}

void word_help_noun(FILE *out, const char *noun, bool with_key)
{
	size_t len = strlen(noun);

	for (const struct word *w = word_table; w->name; w++)
		if (strncmp(w->name, noun, len) == 0 && w->name[len] == ' ' && is_shown(w, with_key))
			word_line(out, w);
}

void word_help_all(FILE *out, bool with_key)
{
	fputs("usage: hornero [-c FILE] [--key NAME] WORD ...\n\n"
	      "Keeps the unikernel images of this compute node warm from its Git repositories.\n\n", out);
	for (const struct word *w = word_table; w->name; w++)
		if (is_shown(w, with_key))
			word_line(out, w);
	fputs("\n", out);
	option_line(out, 'c', "conf", "FILE", "the configuration; default $HORNERO_CONF, else the system's");
	option_line(out, 0, "key", "NAME", "only what this key of hornero-keys(5) may see and do");
	option_line(out, 'h', "help", NULL, "this; `hornero WORD --help` for a word's options");
	option_line(out, 0, "version", NULL, "which hornero this is");
	fputs("\nExit codes: 0 done, 1 what was asked for did not come true, 64 usage, 65 pushed data,\n"
	      "70 our bug, 75 try again later, 78 configuration.\n", out);
}

static int least(int a, int b, int c)
{
	int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

int word_distance(const char *a, const char *b)
{
	int d[41][41];
	int n = (int)strnlen(a, 40), m = (int)strnlen(b, 40);

	for (int i = 0; i <= n; i++)
		for (int j = 0; j <= m; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	return d[n][m];
}

int word_nearest(const char *typed, const struct word **out, int max)
{
	int best[8], n = 0, far = (int)strnlen(typed, 40) / 3 + 1;

	if (max > 8)
		max = 8;
	for (const struct word *w = word_table; w->name; w++) {
		int distance = word_distance(typed, w->name), at = n;

		if (distance > far || distance >= (int)strlen(w->name))
			continue;
		while (at > 0 && best[at - 1] > distance)
			at--;
		if (at >= max)
			continue;
		for (int i = n < max ? n : max - 1; i > at; i--) {
			best[i] = best[i - 1];
			out[i] = out[i - 1];
		}
		best[at] = distance;
		out[at] = w;
		n += n < max;
	}
	return n;
}
