/*
 * repowords: how a repository wants to be built, as lines "SETTING VALUE".
 *
 * repofile.h collects them from `.hornero.yaml`. hornero-checkout reports each as a line, and the
 * supervisor collects them again with the same checks, because that program has read untrusted
 * objects. All values are printable ASCII, so a line needs no encoding.
 *
 *     artifact build/app-*.img
 *     arguments -j2           once for each argument, in order
 *     target image
 *     cmdline console=ttyS0
 *     env CFLAGS=-O2          once for each variable
 *     subdir node
 *     boot_bus ide
 *     also lib/shared         once for each path
 *
 * Each needs the permission of the builder (`allow` in hornero-builder(5)).
 */
#ifndef HORNERO_CONF_REPOWORDS_H
#define HORNERO_CONF_REPOWORDS_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	REPOWORDS_VALUE_MAX = 512, /* bytes of a value; an env value includes the name */
	REPOWORDS_LIST_MAX = 64,   /* arguments, variables, paths */
	REPOWORDS_DEPTH_MAX = 16,  /* components of a path */
	REPOWORDS_MAX = 8192,      /* bytes of all lines */
};

/* Zero it before use. */
struct repowords {
	char text[REPOWORDS_MAX]; /* each line ends with a NUL */
	size_t len;
};

/* Check one value. Return 0, or -1 with ERR_USAGE, as in conf/check.h. */
int repowords_check_artifact(const char *text, struct err *e);
int repowords_check_text(const char *text, struct err *e); /* an argument */
int repowords_check_cmdline(const char *text, struct err *e); /* as check_cmdline, too */
int repowords_check_target(const char *text, struct err *e);
int repowords_check_env(const char *pair, struct err *e);
int repowords_check_subdir(const char *text, struct err *e); /* also a path of `also` */
int repowords_check_bus(const char *text, struct err *e);
/* An entry of a builder's `allow`. */
int repowords_check_allow(const char *text, struct err *e);

/* Checks and adds one value. Returns 0, or -1 with ERR_USAGE. */
int repowords_add(struct repowords *w, const char *setting, const char *value, struct err *e);

/* The same for a line. Returns 1 if added, 0 if it is a line of another kind, -1 with ERR_USAGE. */
int repowords_take(struct repowords *w, const char *line, struct err *e);

/* Returns the line after `line`, the first for NULL, or NULL after the last one. */
const char *repowords_line(const struct repowords *w, const char *line);

/* Returns the value of the setting after `value`, the first for NULL, or NULL after the last. */
const char *repowords_next(const struct repowords *w, const char *setting, const char *value);

/* Returns the value of a setting that is no list, "" if unset. */
const char *repowords_get(const struct repowords *w, const char *setting);

/* Returns whether `allow` (NULL-terminated, or NULL for none) permits the setting; for env, the
 * variable `name`. True for settings that need no permission. */
bool repowords_may(char *const *allow, const char *setting, const char *name);

/* Returns the first line that `allow` does not permit, or NULL. */
const char *repowords_refused(const struct repowords *w, char *const *allow);

#endif
