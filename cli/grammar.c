/* grammar: finding, suggesting and explaining words. DIAGNOSTICS: ERR_USAGE where there is no such word. */
#include "cli/view.h"
#include "cli/words.h"
#include "conf/keyring.h"
#include "conf/way.h"

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

static bool is_of_noun(const struct cli *cli, const struct word *w, const char *noun)
{
	size_t len = strlen(noun);

	return strncmp(w->name, noun, len) == 0 && w->name[len] == ' ' && view_reaches(cli, w);
}

bool word_is_noun(const struct cli *cli, const char *noun)
{
	for (const struct word *w = word_table; w->name; w++)
		if (is_of_noun(cli, w, noun))
			return true;
	return false;
}

static void synopsis(FILE *out, const struct cli *cli, const struct word *w)
{
	char words[CLI_WORDS_MAX];

	fprintf(out, "usage: %s %s", cli_words(cli, words), w->name);
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

void word_help(FILE *out, const struct cli *cli, const struct word *w)
{
	synopsis(out, cli, w);
	fprintf(out, "\n%c%s.\n", toupper((unsigned char)*w->summary), w->summary + 1);
	if (*w->help)
		fprintf(out, "\n%s\n", w->help);
	fputc('\n', out);
	for (const struct word_option *o = w->options; o && o->name; o++)
		option_line(out, o->letter, o->name, o->arg, o->help);
	if (w->json)
		option_line(out, 0, "json", NULL, "for programs; the names are the column names");
	if (!cli->key)
		option_line(out, 'c', "conf", "FILE", "the configuration; default $HORNERO_CONF, else the system's");
	option_line(out, 'h', "help", NULL, "this");
}

static void word_line(FILE *out, const struct cli *cli, const struct word *w)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%s%s", w->name, *w->args ? " " : "", w->args);
	fprintf(out, "  %s%-30s %s\n", cli->key ? "" : "hornero ", left, w->summary);
}

void word_help_noun(FILE *out, const struct cli *cli, const char *noun)
{
	for (const struct word *w = word_table; w->name; w++)
		if (is_of_noun(cli, w, noun))
			word_line(out, cli, w);
}

/* From afar: no file of the node, no other key; but git. */
static void key_head(FILE *out, const struct cli *cli)
{
	char words[CLI_WORDS_MAX];

	fprintf(out, "usage: %s WORD ...\n\nThe words that the key %s may say:\n\n", cli_words(cli, words), cli->key->name);
}

static void key_tail(FILE *out, const struct cli *cli)
{
	const struct word push = {.reach = WORD_WRITE};
	struct way way;
	const char *url = way_read(&way) ? way.url : "";

	fputs("\n  --json on listings: for programs. `help WORD` says more of one.\n\n", out);
	fprintf(out, "With git: clone %sREPO, fetch, ls-remote, archive --remote%s.\n", url,
		view_reaches(cli, &push) ? ", push (options: -o wait, skip, rebuild, image=UUID, priority=N)" : "");
}

static void node_head(FILE *out)
{
	fputs("usage: hornero [-c FILE] [--key NAME] WORD ...\n\n"
	      "Keeps the unikernel images of this compute node warm from its Git repositories.\n\n", out);
}

static void node_tail(FILE *out)
{
	fputs("\n", out);
	option_line(out, 'c', "conf", "FILE", "the configuration; default $HORNERO_CONF, else the system's");
	option_line(out, 0, "key", "NAME", "only what this key of hornero-keys(5) may see and do");
	option_line(out, 'h', "help", NULL, "this; `hornero WORD --help` for a word's options");
	option_line(out, 0, "version", NULL, "which hornero this is");
}

void word_help_all(FILE *out, const struct cli *cli)
{
	if (cli->key)
		key_head(out, cli);
	else
		node_head(out);
	for (const struct word *w = word_table; w->name; w++)
		if (view_reaches(cli, w))
			word_line(out, cli, w);
	if (cli->key)
		key_tail(out, cli);
	else
		node_tail(out);
	fputs("\nExit codes: 0 done, 1 what was asked for did not come true, 64 usage, 65 pushed data,\n"
	      "70 our bug, 75 try again later, 78 configuration.\n", out);
}

int help_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct word *w;
	int used = 0;

	if (call->nargs == 0) {
		word_help_all(stdout, cli);
		return 0;
	}
	w = word_find(call->args, call->nargs, &used);
	if (w && used == call->nargs && view_reaches(cli, w))
		word_help(stdout, cli, w);
	else if (call->nargs == 1 && word_is_noun(cli, call->args[0]))
		word_help_noun(stdout, cli, call->args[0]);
	else
		return err_set(e, ERR_USAGE, "there is no word \"%s%s%s\"; `hornero help` lists them all", call->args[0],
			       call->nargs > 1 ? " " : "", call->nargs > 1 ? call->args[1] : "");
	return 0;
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

int word_nearest(const struct cli *cli, const char *typed, const struct word **out, int max)
{
	int best[8], n = 0, far = ((int)strnlen(typed, 40) + 1) / 3;

	if (max > 8)
		max = 8;
	for (const struct word *w = word_table; w->name; w++) {
		int distance = word_distance(typed, w->name), at = n;

		if (distance > far || distance >= (int)strlen(w->name) || !view_reaches(cli, w))
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
