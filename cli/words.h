/*
 * words: the grammar of `hornero` is a table: word → function, synopsis, help, options.
 *
 * --help, the usage errors, the suggestions, the completion and the man page's test all come from it.
 *
 * Calls go down, from the table too:
 *
 *   main.c            the program: options, one word, its errors
 *   words.c           the table
 *   queue.c, why.c …  the words, then what some of them share
 *   help.c            explaining words
 *   database.c …      what all of them share: cli.h
 *   say.c             lines for people
 *   grammar.c         finding words in the table that main.c gave it
 *   view.c            what a key may see
 */
#ifndef HORNERO_CLI_WORDS_H
#define HORNERO_CLI_WORDS_H

#include "cli/cli.h"

struct word_option {
	const char *name; /* NULL ends the list */
	char letter;      /* short form, or 0 */
	const char *arg;  /* what its value is called, or NULL for a flag */
	const char *help;
};

/* What somebody who comes in with a key needs for a word: this right on the repository that it is about. */
enum word_reach {
	WORD_HERE, /* never with a key: for people on the node alone */
	WORD_READ,
	WORD_WRITE,
	WORD_CREATE,
	WORD_ADMIN,
	WORD_NODE, /* it is about the node: admin of all repositories */
};

enum word_flag {
	WORD_JSON = 1,    /* a listing: takes --json */
	WORD_AS_ROOT = 2, /* root stays root for it: it is about other users' things, or only looks */
};

struct word {
	const char *name;    /* "image add": one word, or a noun and a verb */
	const char *args;    /* "UUID REPO" */
	const char *summary; /* one line, for the list */
	const char *help;    /* paragraphs, for WORD --help */
	const struct word_option *options;
	int min_args, max_args; /* max -1: any number */
	int flags;              /* of enum word_flag */
	int (*run)(struct cli *cli, const struct call *call, struct err *e);
	enum word_reach reach;
};

/* words.c: the table, in the order of --help; ended by a NULL name. For main.c alone. */
extern const struct word word_table[];

/* grammar.c */
/* The table to find words in: once, before all else. */
void words_use(const struct word *table);
const struct word *words_all(void);

/* The word that argv[0] (and argv[1]) spell; *used says how many. NULL: none. */
const struct word *word_find(char *const *argv, int argc, int *used);

/* Whether the word can be said and starts with this noun ("image"). What a key cannot reach does not stand in what follows. */
bool word_is_of_noun(const struct cli *cli, const struct word *w, const char *noun);

/* Whether some word that can be said starts with this noun. */
bool word_is_noun(const struct cli *cli, const char *noun);

/* Words that look like what was typed, best first; returns how many (at most max). */
int word_nearest(const struct cli *cli, const char *typed, const struct word **out, int max);

/* Edit distance with transpositions, of at most 40 bytes each. Pure. */
int word_distance(const char *a, const char *b);

/* help.c */
void word_help(FILE *out, const struct cli *cli, const struct word *w);
void word_help_noun(FILE *out, const struct cli *cli, const char *noun);
void word_help_all(FILE *out, const struct cli *cli);

/* The words themselves, each in the file of its noun or verb. */
#define WORD_RUN(name) int name##_run(struct cli *cli, const struct call *call, struct err *e)
WORD_RUN(init);
WORD_RUN(repo_create);
WORD_RUN(key_add);
WORD_RUN(key_list);
WORD_RUN(key_remove);
WORD_RUN(image_add);
WORD_RUN(image_list);
WORD_RUN(image_show);
WORD_RUN(image_set);
WORD_RUN(image_remove);
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
WORD_RUN(doctor);
WORD_RUN(help);
WORD_RUN(top);

#endif
