/*
 * check: what a name, a ref or a path may look like. Pure.
 *
 * Each check_NAME returns 0, or -1 with ERR_USAGE and words that show the text
 * and say what is allowed, without the key: the caller knows where it stood.
 */
#ifndef HORNERO_CONF_CHECK_H
#define HORNERO_CONF_CHECK_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum check_keep { CHECK_LINE = 0, CHECK_LINES = 1 /* newlines and tabs are fine */ };
enum { CHECK_SHOWN = 192, CHECK_TEXT_MAX = 65536, CHECK_LISTEN_MAX = 8 };

/* Well-formed UTF-8 without control characters or bidirectional overrides, at most CHECK_TEXT_MAX bytes. */
bool check_clean(const char *text, enum check_keep keep);

/* text in double quotes, escaped and cut, for a message. Returns buf. */
const char *check_show(const char *text, char buf[CHECK_SHOWN]);

/* [a-z0-9][a-z0-9-]*, at most 32: builders and their groups. */
int check_name(const char *text, struct err *e);

/* One file name: no slash, no leading dot or dash, [A-Za-z0-9._-] only, at most 64. */
int check_component(const char *text, struct err *e);

/* refs/heads/… or refs/tags/… by the rules of git-check-ref-format(1), at most 200 bytes. */
int check_ref(const char *text, struct err *e);

/* See image_check_repo. */
int check_repo(const char *text, struct err *e);

/* A relative path: no leading, trailing or doubled slash, no "." or ".." or ".git" part. */
int check_relative(const char *text, struct err *e);

/* An absolute path of the same kind. "/" alone is none. */
int check_absolute(const char *text, struct err *e);

/* An absolute path below /build. */
int check_artifact(const char *text, struct err *e);

/* An absolute path below /dev. */
int check_device(const char *text, struct err *e);

/* HOST or HOST:SANDBOX, both absolute; SANDBOX not in /build/src. */
int check_input(const char *text, struct err *e);

/* A program: a name without slash, or an absolute path. */
int check_program(const char *text, struct err *e);

/* ADDRESS:PORT, numbers only, with blanks between several, at most CHECK_LISTEN_MAX. */
int check_listen(const char *text, struct err *e);

/* HOST or HOST:PORT, IPv6 in []. */
int check_host(const char *text, struct err *e);

/* Processors as Nova writes them: 0-3,^2,8; not none at all. */
int check_cpus(const char *text, struct err *e);

/* NAME, NAME:kill, NAME:stop or NAME:exit. */
int check_failpoint(const char *text, struct err *e);

#endif
