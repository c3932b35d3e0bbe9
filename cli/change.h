/*
 * change: the outcome of a command that makes or changes something, in one form for all of them.
 *
 *     change_say(cli, changed, "key %s may log in", name);
 *     return change_end(cli, changed, json_pack("{s:s}", "key", name));
 *
 * A command that finds what it was asked for changes nothing, says "unchanged" and exits 0. With
 * --json the only output is one object, {"changed": true, …}, which names the object.
 */
#ifndef HORNERO_CLI_CHANGE_H
#define HORNERO_CLI_CHANGE_H

#include "cli/cli.h"

#include <jansson.h>

/* Prints the sentence, after "unchanged: " if nothing changed; nothing with --json. */
void change_say(const struct cli *cli, bool changed, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* With --json prints the object about with its `changed`. The audit log has a command only if
 * it changed something. Takes about, which may be NULL if memory
 * ran out. Returns 0, the exit code. */
int change_end(const struct cli *cli, bool changed, json_t *about);

#endif
