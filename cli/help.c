/* help: prints what words do. DIAGNOSTICS: ERR_USAGE if there is no such word. */
#include "cli/view.h"
#include "cli/words.h"
#include "conf/keyring.h"
#include "conf/way.h"

#include <ctype.h>
#include <string.h>

static void synopsis(FILE *out, const struct cli *cli, const struct word *w)
{
	char words[CLI_WORDS_MAX];

	fprintf(out, "usage: %s %s", cli_words(cli, words), w->name);
	for (const struct word_option *o = w->options; o && o->name; o++)
		fprintf(out, " [--%s%s%s]", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	fprintf(out, "%s%s%s\n", (w->flags & WORD_JSON) ? " [--json]" : "", *w->args ? " " : "",
		w->args);
}

static void option_line(FILE *out, char letter, const char *name, const char *arg,
			const char *help)
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
	if (w->flags & WORD_JSON)
		option_line(out, 0, "json", NULL, "print JSON; the names are the column names");
	if (!cli->key)
		option_line(out, 'c', "conf", "FILE",
			    "use this configuration; default: $HORNERO_CONF, else the system's");
	option_line(out, 'h', "help", NULL, "print this help");
}

static void word_line(FILE *out, const struct cli *cli, const struct word *w)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%s%s", w->name, *w->args ? " " : "", w->args);
	fprintf(out, "  %s%-30s %s\n", cli->key ? "" : "hornero ", left, w->summary);
}

void word_help_noun(FILE *out, const struct cli *cli, const char *noun)
{
	for (const struct word *w = words_all(); w->name; w++)
		if (word_is_of_noun(cli, w, noun))
			word_line(out, cli, w);
}

/* Remote callers: hide local-only options, mention git. */
static void key_head(FILE *out, const struct cli *cli)
{
	char words[CLI_WORDS_MAX];

	fprintf(out, "usage: %s COMMAND ...\n\nCommands that the key %s may use:\n\n",
		cli_words(cli, words), cli->key->name);
}

static void key_tail(FILE *out, const struct cli *cli)
{
	const struct word push = {.reach = WORD_WRITE};
	struct way way;
	const char *url = way_read(&way) ? way.url : "";

	fputs("  Listings take --json. `help COMMAND` describes one command.\n\n", out);
	fprintf(out, "With git: clone %sREPO, fetch, ls-remote, archive --remote%s.\n", url,
		view_reaches(cli, &push)
			? ", push (options: -o wait, skip, rebuild, image=UUID, priority=N)"
			: "");
}

static void node_head(FILE *out)
{
	fputs("usage: hornero [-c FILE] [--key NAME] COMMAND ...\n\n"
	      "Keeps the unikernel images of this compute node warm from its Git repositories.\n\n",
	      out);
}

static void node_tail(FILE *out)
{
	option_line(out, 'c', "conf", "FILE",
		    "use this configuration; default: $HORNERO_CONF, else the system's");
	option_line(out, 0, "key", "NAME",
		    "act with the rights of this key only; see hornero-keys(5)");
	option_line(out, 'h', "help", NULL,
		    "print this help; `hornero COMMAND --help` describes one command");
	option_line(out, 0, "version", NULL, "print the version");
}

/* A heading and its words; nothing if a key may use none of them. */
static void task_lines(FILE *out, const struct cli *cli, enum word_task task, const char *heading)
{
	bool any = false;

	for (const struct word *w = words_all(); w->name; w++) {
		if (w->task != task || !word_is_listed(cli, w))
			continue;
		if (!any)
			fprintf(out, "%s\n", heading);
		any = true;
		word_line(out, cli, w);
	}
	if (any)
		fputc('\n', out);
}

void word_help_all(FILE *out, const struct cli *cli)
{
	if (cli->key)
		key_head(out, cli);
	else
		node_head(out);
	task_lines(out, cli, TASK_PUSH, "Push: repositories, and the images built from them");
	task_lines(out, cli, TASK_SEE, "See: what is built and warm, and why not");
	task_lines(out, cli, TASK_UNDO, "Undo: cancel, repeat, return, hold back");
	task_lines(out, cli, TASK_OPERATE, "Operate: set the node up, and look after it");
	if (cli->key)
		key_tail(out, cli);
	else
		node_tail(out);
	fputs("\nExit codes: 0 success, 1 failure, 64 usage, 65 pushed data, 70 internal error,\n"
	      "75 try again later, 78 configuration.\n", out);
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
		return err_set(e, ERR_USAGE,
			       "there is no command \"%s%s%s\"; `hornero help` lists them all",
			       call->args[0], call->nargs > 1 ? " " : "",
			       call->nargs > 1 ? call->args[1] : "");
	return 0;
}
