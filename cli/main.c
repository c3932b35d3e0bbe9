/* hornero: the program. DIAGNOSTICS: prints every error here, once, and exits with the code of its
 * class. */

#include "cli/audited.h"
#include "cli/cli.h"
#include "cli/view.h"
#include "cli/words.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

static int usage_error(const struct word *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int usage_error(const struct word *w, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cli_say(stderr, "hornero: %s", text);
	cli_say(stderr, "`hornero help%s%s` says more.", w ? " " : "", w ? w->name : "");
	return 64;
}

/* Reads the options before the word (call is NULL), or those after it. Returns -1 to go on, else
 * the exit code. */
static int read_options(struct cli *cli, struct call *call, int argc, char **argv)
{
	const struct word *w = call ? call->word : NULL;
	struct word_getopt options = {.letters = ""};
	int letter, index;

	word_getopt(w, &options);
	optind = 0;
	opterr = 0;
	while ((letter = getopt_long(argc, argv, options.letters, options.table, NULL)) >= 0) {
		index = word_option_index(w, letter);
		if (letter == ':')
			return usage_error(w, "%s needs a value.", argv[optind - 1]);
		if (letter == '?')
			return usage_error(w, "%s is not an option here, or takes no value.",
					   argv[optind - 1]);
		/* Arguments after --key come from a remote user, who may not choose key or file. */
		if (cli->key_option && (letter == 'c' || letter == LETTER_KEY))
			return usage_error(w, "neither -c nor another --key may follow --key.");
		if (letter == LETTER_KEY)
			cli->key_option = optarg;
		else if (letter == 'c')
			cli->conf_option = optarg;
		else if (letter == LETTER_JSON)
			cli->json = true;
		else if (letter == LETTER_VERSION)
			return printf("hornero %s\n", PACKAGE_VERSION), 0;
		else if (letter == 'h')
			cli->help = true;
		else if (index >= 0)
			call->values[index] = optarg ? optarg : "";
	}
	return -1;
}

static int unknown_word(const struct cli *cli, char **argv, int argc)
{
	const struct word *near[3];
	char typed[96];
	bool noun = word_is_noun(cli, argv[0]);
	int n;

	if (noun && argc > 1 && strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0)
		snprintf(typed, sizeof(typed), "%s %s", argv[0], argv[1]);
	else
		snprintf(typed, sizeof(typed), "%s", argv[0]);
	if (noun && argc == 1) {
		fprintf(stderr, "hornero: %s needs a subcommand:\n", argv[0]);
		word_help_noun(stderr, cli, argv[0]);
		return 64;
	}
	if (noun && strcmp(typed, argv[0]) == 0)
		return word_help_noun(stdout, cli, argv[0]), 0;
	cli_say(stderr, "hornero: there is no command \"%s\".", typed);
	if (!noun && argc > 1)
		snprintf(typed, sizeof(typed), "%s %s", argv[0], argv[1]);
	n = word_nearest(cli, typed, near, 3);
	if (n == 0 && !noun)
		n = word_nearest(cli, argv[0], near, 3);
	for (int i = 0; i < n; i++)
		fprintf(stderr, "%s%s%s", i == 0 ? "Did you mean: " : ", ", near[i]->name,
			i == n - 1 ? "?\n" : "");
	/* Remote users who try one word have no manual beside them, so print the list. Several
	 * words are the command line of some tool. */
	if (cli->key && argc > 1 && !noun)
		cli_say(stderr, "`hornero help` lists them all.");
	else if (cli->key)
		word_help_all(stderr, cli);
	else
		fputs("`hornero help` lists them all.\n", stderr);
	return 64;
}

static int say_error(const struct word *w, const struct err *e)
{
	fflush(stdout);
	cli_say(stderr, "hornero: %s", e->msg);
	if (e->class == ERR_USAGE && w)
		cli_say(stderr, "`hornero help %s` says more.", w->name);
	return err_exit(e->class);
}

static int run_word(struct cli *cli, const struct word *w, int argc, char **argv)
{
	struct call call = {.word = w};
	struct err e = ERR_INIT, unwritten = ERR_INIT;
	bool may;
	int code = read_options(cli, &call, argc, argv);

	if (code >= 0)
		return code;
	if (cli->help && view_enter(cli, w, &e) == 0)
		return word_help(stdout, cli, w), 0;
	if (cli->help)
		return say_error(w, &e);
	call.args = argv + optind;
	call.nargs = argc - optind;
	if (call.nargs < w->min_args)
		return usage_error(w, "%s needs %s.", w->name, w->args);
	if (w->max_args >= 0 && call.nargs > w->max_args)
		return usage_error(w, "\"%s\" is one argument too many.", call.args[w->max_args]);
	if (cli->json && !(w->flags & WORD_JSON))
		return usage_error(w, "%s does not take --json.", w->name);
	may = view_enter(cli, w, &e) == 0 && audited_ready(cli, &call, &e) == 0 &&
	      view_step_down(cli, w, &e) == 0;
	code = may ? w->run(cli, &call, &e) : -1;
	if (code < 0) {
		code = say_error(w, &e);
		cli_heed_damage(cli, &e);
	}
	if (may && audited_record(cli, &call, code, &unwritten) < 0)
		code = say_error(w, &unwritten);
	return code;
}

/* Most users who log in with a key and give no command want a shell. */
static int no_word(const struct cli *cli)
{
	if (cli->key)
		cli_say(stderr,
			"hornero: hello %s. There is no shell here; use git, or one of these:",
			cli->key_option);
	word_help_all(stderr, cli);
	return 64;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const struct word *w;
	struct err e = ERR_INIT;
	int used = 0, code = read_options(cli, NULL, argc, argv);
	int first = optind;

	if (code >= 0)
		return code;
	if (view_open(cli, &e) < 0)
		return say_error(NULL, &e);
	if (cli->help)
		return word_help_all(stdout, cli), 0;
	if (first == argc)
		return no_word(cli);
	w = word_find(argv + first, argc - first, &used);
	if (!w)
		return unknown_word(cli, argv + first, argc - first);
	/* getopt skips its argv[0]: the last part of the word takes that place. */
	return run_word(cli, w, argc - first - used + 1, argv + first + used - 1);
}

static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

int main(int argc, char **argv)
{
	bool unchanged = false;
	struct cli cli = {.colour = wants_colour(),
			  .unchanged = &unchanged,
			  .now_ms = clock_wall_ms()};
	int code;

	/* If descriptor 0, 1 or 2 is closed, the next file we open would get its number. */
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			return 78;
	log_open("hornero", LOG_LEVEL_WARN);
	words_use(word_table);
	code = run(&cli, argc, argv);
	view_close(&cli);
	conf_free(cli.conf);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "hornero: cannot write the output: %s\n", strerror(errno));
		return 75;
	}
	return code;
}
