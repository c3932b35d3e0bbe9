/*
 * input: an input of a builder file: "/PATH", or "base:NAME" for a file of base_dir, without the
 * place where it appears in the sandbox.
 */
#ifndef HORNERO_CONF_INPUT_H
#define HORNERO_CONF_INPUT_H

#include "conf/builder.h"
#include "conf/conf.h"
#include "lib/err.h"

#include <sys/stat.h>

#define INPUT_BASE "base:"
#define INPUT_BASE_AT "/build/base" /* base:NAME appears here unless the file says where */

/* Returns NAME of "base:NAME", or NULL if the input is a path. */
const char *input_base(const char *input);

/* Returns its path on the node; the caller frees it. */
char *input_path(const struct conf *c, const char *input);

/* Returns 0 if there is a file or directory, or -1 with ERR_OPERATOR, which names the builder file
 * and says what to do. Reads nothing. */
int input_check(const struct conf *c, const struct builder *b, const char *input, struct err *e);

/* Returns what the user that builds lacks to read such a file, or to look into such a directory:
 * the argument of a chmod that mends it; NULL if nothing. Access lists do not count. */
const char *input_lacks(const struct conf *c, const struct stat *st);

#endif
