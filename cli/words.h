/*
 * words: the grammar of `hornero` is a table: word → function, synopsis, help, options.
 *
 * --help, usage errors, suggestions, completion and the man page's test all use it.
 *
 * Calls go down this list, including those through the table:
 *
 *   main.c            the program: options, one word, its errors
 *   words.c           the table
 *   queue.c, why.c …  the words, then code that some of them share
 *   candidates.c      what the shells offer for a value
 *   help.c            explaining words
 *   database.c …      code that all of them share: cli.h
 *   say.c             lines for people
 *   grammar.c         finding words in the table that main.c gave it
 *   view.c            what a key may see
 */
#ifndef HORNERO_CLI_WORDS_H
#define HORNERO_CLI_WORDS_H

#include "cli/cli.h"

#include <getopt.h>

/* The kind of thing that a value or an argument names: the shells complete it (candidates.c). */
enum word_value {
	VALUE_ANY, /* cannot be completed */
	VALUE_BUILDER,
	VALUE_COMMAND,
	VALUE_FILE,
	VALUE_IMAGE,
	VALUE_JOB,
	VALUE_JOB_OR_IMAGE,
	VALUE_KEY,
	VALUE_REF,
	VALUE_RELEASE, /* of the image that the first argument names */
	VALUE_REPO,
	VALUE_SETTING, /* NAME=VALUE of an image */
	VALUE_STATE,   /* of a job */
	VALUE_BASE,
};

struct word_option {
	const char *name; /* NULL ends the list */
	char letter;      /* short form, or 0 */
	const char *arg;  /* the name of its value, or NULL for a flag */
	enum word_value value;
	const char *help;
};

/* The right on the word's repository that callers with a key need. */
enum word_reach {
	WORD_HERE, /* never with a key: only for users on the node */
	WORD_READ,
	WORD_WRITE,
	WORD_CREATE,
	WORD_ADMIN,
	WORD_NODE, /* about the node: needs admin of all repositories */
};

/* The task of a user that the word belongs to; help.c has the headings. */
enum word_task {
	TASK_SEE,
	TASK_PUSH,
	TASK_UNDO,
	TASK_OPERATE,
};

enum word_flag {
	WORD_JSON = 1,    /* a listing: takes --json */
	WORD_AS_ROOT = 2, /* root stays root: it changes other users' files, or only looks */
	WORD_HIDDEN = 4,  /* for programs: neither listed nor suggested */
	WORD_CHANGES = 8, /* the audit log has its uses */
};

struct word {
	const char *name;    /* "image add": one word, or a noun and a verb */
	const char *args;    /* "UUID REPO" */
	const char *summary; /* one line, for the list */
	const char *help;    /* paragraphs, for WORD --help */
	const struct word_option *options;
	int min_args, max_args; /* max -1: any number */
	enum word_value takes[2]; /* its first argument, and each later one */
	int flags;              /* of enum word_flag */
	int (*run)(struct cli *cli, const struct call *call, struct err *e);
	enum word_reach reach;
	enum word_task task;
};

/* words.c: the table, in the order of hornero(1), ended by a NULL name; --help orders it by
 * task. For main.c alone. */
extern const struct word word_table[];

/* grammar.c */
/* Sets the table to find words in. Call once, before all else. */
void words_use(const struct word *table);
const struct word *words_all(void);

/* Returns the word that argv[0] (and argv[1]) spell, with *used set to 1 or 2; NULL if none. */
const struct word *word_find(char *const *argv, int argc, int *used);

/* getopt's table for the options of a word, or for those before the word (w is NULL). */
enum { LETTER_JSON = 256, LETTER_VERSION, LETTER_KEY, LETTER_WORD /* + the option's index */ };
struct word_getopt {
	struct option table[CLI_OPTIONS_MAX + 6];
	char letters[4 * CLI_OPTIONS_MAX];
};
void word_getopt(const struct word *w, struct word_getopt *out);

/* Returns the index in w->options of the option that getopt found, or -1 if it is none of them. */
int word_option_index(const struct word *w, int letter);

/* Returns true if the key can reach the word and the word is not hidden. */
bool word_is_listed(const struct cli *cli, const struct word *w);

/* Returns true if the word starts with this noun ("image") and the key can reach it. The functions
 * below leave out words that the key cannot reach. */
bool word_is_of_noun(const struct cli *cli, const struct word *w, const char *noun);

/* Returns true if a word that the key can reach starts with this noun. */
bool word_is_noun(const struct cli *cli, const char *noun);

/* Finds words similar to what was typed, best first. Returns their number, at most max. */
int word_nearest(const struct cli *cli, const char *typed, const struct word **out, int max);

/* help.c */
void word_help(FILE *out, const struct cli *cli, const struct word *w);
void word_help_noun(FILE *out, const struct cli *cli, const char *noun);
void word_help_all(FILE *out, const struct cli *cli);

/* The words themselves, each in the file of its noun or verb. */
#define WORD_RUN(name) int name##_run(struct cli *cli, const struct call *call, struct err *e)
WORD_RUN(init);
WORD_RUN(config_check);
WORD_RUN(config_show);
WORD_RUN(repo_create);
WORD_RUN(repo_list);
WORD_RUN(repo_mirror);
WORD_RUN(repo_fetch);
WORD_RUN(repo_remove);
WORD_RUN(key_add);
WORD_RUN(key_set);
WORD_RUN(key_list);
WORD_RUN(key_remove);
WORD_RUN(base_add);
WORD_RUN(base_list);
WORD_RUN(base_remove);
WORD_RUN(image_add);
WORD_RUN(image_import);
WORD_RUN(image_list);
WORD_RUN(image_show);
WORD_RUN(image_current);
WORD_RUN(image_set);
WORD_RUN(image_remove);
WORD_RUN(builder_list);
WORD_RUN(builder_show);
WORD_RUN(builder_check);
WORD_RUN(builder_try);
WORD_RUN(queue);
WORD_RUN(show);
WORD_RUN(log);
WORD_RUN(wait);
WORD_RUN(why);
WORD_RUN(cancel);
WORD_RUN(retry);
WORD_RUN(rebuild);
WORD_RUN(rollback);
WORD_RUN(drain);
WORD_RUN(pause);
WORD_RUN(resume);
WORD_RUN(sweep);
WORD_RUN(cache);
WORD_RUN(gc);
WORD_RUN(backup);
WORD_RUN(restore);
WORD_RUN(doctor);
WORD_RUN(stats);
WORD_RUN(events);
WORD_RUN(report);
WORD_RUN(metrics);
WORD_RUN(status);
WORD_RUN(help);
WORD_RUN(complete);
WORD_RUN(top);
WORD_RUN(fleet);

#endif
