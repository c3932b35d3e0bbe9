/*
 * check: validates names, refs and paths. Pure.
 *
 * Each check_NAME returns 0, or -1 with ERR_USAGE and a message that quotes the text and says what
 * is allowed. The message does not name the setting, which the caller knows.
 */
#ifndef HORNERO_CONF_CHECK_H
#define HORNERO_CONF_CHECK_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum check_keep { CHECK_LINE = 0, CHECK_LINES = 1 /* newlines and tabs are allowed */ };
enum { CHECK_SHOWN = 192, CHECK_TEXT_MAX = 65536, CHECK_CMDLINE_MAX = 1024 };
#define CHECK_CMDLINE_ALLOWED                                                                      \
	"a text of at most 1024 printable ASCII characters, without quotation marks and backslashes"

/* Whether text is well-formed UTF-8 of at most CHECK_TEXT_MAX bytes, without control characters or
 * bidirectional overrides. */
bool check_clean(const char *text, enum check_keep keep);

/* Writes text in double quotes, escaped and truncated, for a message. Returns buf. */
const char *check_show(const char *text, char buf[CHECK_SHOWN]);

/* A builder or its group: [a-z0-9][a-z0-9-]*, at most 32 bytes. */
int check_name(const char *text, struct err *e);

/* One file name: [A-Za-z0-9._-] only, no leading dot or dash, at most 64 bytes. */
int check_component(const char *text, struct err *e);

/* refs/heads/… or refs/tags/… by the rules of git-check-ref-format(1), at most 200 bytes. */
int check_ref(const char *text, struct err *e);

/* See image_check_repo. */
int check_repo(const char *text, struct err *e);

/* A relative path: no leading, trailing or doubled slash, no ".", ".." or ".git" component. */
int check_relative(const char *text, struct err *e);

/* The same, without *, ? and [: a file of that very name. */
int check_detect(const char *text, struct err *e);

/* An absolute path under the same rules. "/" alone is not allowed. */
int check_absolute(const char *text, struct err *e);

/* An absolute path below /build, without these either. */
int check_artifact(const char *text, struct err *e);

/* An absolute path below /dev. */
int check_device(const char *text, struct err *e);

/* HOST or HOST:SANDBOX, both absolute, HOST maybe base:NAME; SANDBOX is not in /build/src. */
int check_input(const char *text, struct err *e);

/* A program: a name without a slash, or an absolute path. */
int check_program(const char *text, struct err *e);

/* ADDRESS:PORT, numeric, several separated by blanks, at most LISTEN_MAX. */
int check_listen(const char *text, struct err *e);

/* HOST or HOST:PORT, IPv6 in []. */
int check_host(const char *text, struct err *e);

/* http://HOST or https://HOST, maybe with a path; no user, query, fragment or blank. */
int check_url(const char *text, struct err *e);

/* Processors in Nova's notation, 0-3,^2,8; at least one. */
int check_cpus(const char *text, struct err *e);

/* A kernel's command line: CHECK_CMDLINE_ALLOWED. GRUB puts a backslash before each quotation mark
 * and backslash that it passes on, so no kernel would see those as they were written. */
int check_cmdline(const char *text, struct err *e);

/* CHECK or "CHECK: WORDS": a check of doctor has a name of small letters. */
int check_accepted(const char *text, struct err *e);

/* As failpoint_check(). */
int check_failpoint(const char *text, struct err *e);

#endif
