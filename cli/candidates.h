/*
 * candidates: what a shell can put in the place of an incomplete word.
 *
 *     struct offer o = {.cli = cli, .typed = "2b7"};
 *     offer_values(&o, VALUE_IMAGE);
 *
 * Each candidate is a line of standard output. If something cannot be read, nothing is
 * offered: an error message would land in the command line that the user edits.
 */
#ifndef HORNERO_CLI_CANDIDATES_H
#define HORNERO_CLI_CANDIDATES_H

#include "cli/words.h"

struct offer {
	struct cli *cli;
	const char *typed; /* the word so far */
	size_t fixed;      /* bytes of it before the value, as in "--ref=" */
	const char *image; /* the first argument of the command, or NULL */
};

/* Prints a candidate if it begins with what was typed. The shell takes it as it is, unquoted. */
void offer(const struct offer *o, const char *value);

/* Offers every name of that kind; nothing for VALUE_COMMAND, which complete.c knows. */
void offer_values(const struct offer *o, enum word_value kind);

#endif
