/*
 * builder: shared by the words about builder files.
 *
 *   builder.c        `hornero builder list`
 *   builder_show.c   `hornero builder show`
 *   builder_check.c  `hornero builder check`
 *   builder_try.c    `hornero builder try`
 *   builder_lacks.c  what this node lacks for a builder; doctor asks, too
 */
#ifndef HORNERO_CLI_BUILDER_H
#define HORNERO_CLI_BUILDER_H

#include "cli/cli.h"
#include "conf/builder.h"

/* Calls say for everything that this node lacks for the builder: its name, a sentence about it, and
 * what mends it. Returns the number. */
size_t builder_lacks(const struct conf *c, const struct builder *b,
		     void (*say)(void *arg, const char *name, const char *what, const char *mend),
		     void *arg);

/* Returns the state's name: "usable" or "incomplete". */
const char *builder_state(size_t lacks);

/* Finds a builder. Returns it, or NULL with e filled: ERR_USAGE if no file has that name, the
 * file's own error if it is broken. */
const struct builder *builder_named(const struct conf *c, const struct builders *all,
				    const char *name, struct err *e);

/* Joins a list that may be NULL. The caller frees the text. */
char *builder_join(char *const *list, const char *separator);

#endif
