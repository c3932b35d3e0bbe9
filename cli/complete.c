/*
 * complete: `hornero complete -- WORDS…`, a hidden word. When a user presses the tab key, an
 * adapter of etc/completion runs it and hands on what it prints.
 *
 * Reads WORDS with getopt and the table, as main.c does, so it knows every word and every option
 * that main.c takes. DIAGNOSTICS: none; errors offer nothing.
 */
#include "cli/candidates.h"
#include "cli/view.h"
#include "cli/words.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

/* Reads options as main.c does. Returns the letter of the option whose value is missing at the end,
 * so that the word to complete is its value; else 0. */
static int read_options(struct cli *cli, const struct word *w, int argc, char **argv)
{
	struct word_getopt options = {.letters = ""};
	int letter, missing = 0;

	word_getopt(w, &options);
	optind = 0;
	opterr = 0;
	while ((letter = getopt_long(argc, argv, options.letters, options.table, NULL)) >= 0) {
		if (letter == ':')
			missing = optopt;
		else if (letter == 'c')
			cli->conf_option = optarg;
		else if (letter == LETTER_KEY)
			cli->key_option = optarg;
	}
	return missing;
}

/* Offers the words, of a noun only its verbs. A noun is offered once. */
static void offer_words(const struct offer *o, const char *noun)
{
	char last[64] = "";

	for (const struct word *w = words_all(); w->name; w++) {
		size_t first = strcspn(w->name, " ");
		char text[64];

		if (!word_is_listed(o->cli, w) || (noun && !word_is_of_noun(o->cli, w, noun)))
			continue;
		if (noun)
			snprintf(text, sizeof(text), "%s", w->name + first + 1);
		else
			snprintf(text, sizeof(text), "%.*s", (int)first, w->name);
		if (strcmp(text, last) != 0)
			offer(o, text);
		snprintf(last, sizeof(last), "%s", text);
	}
}

static void offer_value_of(const struct offer *o, const struct word *w, int letter)
{
	int index = word_option_index(w, letter);

	if (index >= 0)
		offer_values(o, w->options[index].value);
	else
		offer_values(o, letter == LETTER_KEY ? VALUE_KEY : VALUE_FILE);
}

/* Offers the options, or values behind --OPTION=. */
static void offer_options(struct offer *o, const struct word *w)
{
	const char *equals = strchr(o->typed, '=');
	struct word_getopt options = {.letters = ""};

	word_getopt(w, &options);
	for (const struct option *each = options.table; each->name; each++) {
		own_free char *text = fs_path("--%s%s", each->name, equals ? "=" : "");
		size_t len = strlen(text);

		if (each->val == LETTER_JSON && !(w && w->flags & WORD_JSON))
			continue;
		if (!equals) {
			offer(o, text);
		} else if (each->has_arg && strncmp(o->typed, text, len) == 0) {
			o->fixed = len;
			offer_value_of(o, w, each->val);
		}
	}
}

/* A command with its arguments before the last word. */
static void offer_argument(struct offer *o, const struct word *w, int nargs, char **args)
{
	enum word_value kind = w->takes[nargs > 0];

	o->image = nargs > 0 ? args[0] : NULL;
	if (w->max_args >= 0 && nargs >= w->max_args)
		return;
	if (kind == VALUE_COMMAND)
		offer_words(o, o->image);
	else
		offer_values(o, kind);
}

int complete_run(struct cli *cli, const struct call *call, struct err *e)
{
	/* getopt takes the word before WORDS for the name of the program. */
	char **argv = call->args - 1;
	int argc = call->nargs > 0 ? call->nargs : 1;
	struct offer o = {.cli = cli, .typed = call->nargs > 0 ? call->args[argc - 1] : ""};
	struct err ignored = ERR_INIT;
	int missing = read_options(cli, NULL, argc, argv), used = 0;
	const struct word *w = NULL;
	bool options_ended;

	(void)e;
	argv += optind;
	argc -= optind;
	if (argc > 0 && (w = word_find(argv, argc, &used))) {
		missing = read_options(cli, w, argc - used + 1, argv + used - 1);
		argv += used - 1 + optind;
		argc -= used - 1 + optind;
	}
	options_ended = argv > call->args && strcmp(argv[-1], "--") == 0;
	if (view_open(cli, &ignored) < 0 ||
	    (w && (view_enter(cli, w, &ignored) < 0 || view_step_down(cli, w, &ignored) < 0)))
		return 0;
	if (missing)
		offer_value_of(&o, w, missing);
	else if (*o.typed == '-' && !options_ended && !w && argc > 0)
		offer(&o, "--help");
	else if (*o.typed == '-' && !options_ended)
		offer_options(&o, w);
	else if (w)
		offer_argument(&o, w, argc, argv);
	else if (argc < 2)
		offer_words(&o, argc > 0 ? argv[0] : NULL);
	return 0;
}
