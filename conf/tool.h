/*
 * tool: the programs of a builder on this node, found where its builds find them.
 *
 * These are the directories of PATH in its `env`, as far as builds see them: below /usr, or in an
 * input, which may be elsewhere on the node. /usr/local/bin, /usr/bin and /usr/sbin follow, which
 * are enough without a PATH of its own, and hold the programs that only hornero needs.
 */
#ifndef HORNERO_CONF_TOOL_H
#define HORNERO_CONF_TOOL_H

#include "conf/builder.h"
#include "conf/conf.h"
#include "lib/err.h"

#include <stddef.h>

/* Returns the program's path on the node, or NULL if there is none; the caller frees it. An
 * absolute path may also be a file or directory that is no program; it is one of the sandbox if an
 * input holds it, else one of the node. */
char *tool_find(const struct conf *c, const struct builder *b, const char *program);

/* Returns the first of the builder's needs that is missing here, or NULL. */
const char *tool_missing(const struct conf *c, const struct builder *b);

/* Returns what is missing as the beginning of a sentence, "the program make is not in /usr"; the
 * caller frees it. */
char *tool_lack(const struct builder *b, const char *program);

/* Returns what is missing of the builder's needs, and how to install it: "the program make is not
 * in /usr; install it (Debian: make)"; NULL if nothing is. The caller frees it. */
char *tool_lacking(const struct conf *c, const struct builder *b);

/* Runs a version command of the builder, as build_uid if we are root, with at most 64 KiB of
 * output. `errors` is the descriptor for its standard error, or -1. Returns as spawn_capture. */
int tool_version(const struct conf *c, const struct builder *b, char *const *argv, int timeout_ms,
		 int errors, char **out, size_t *len, struct err *e);

#endif
