/*
 * pushopt: the options of `git push -o OPTION`.
 *
 *     -o wait           show the build's log as it grows, and its end, before the push returns
 *     -o skip           do not build this commit
 *     -o rebuild        build even if an artifact of the same content exists
 *     -o clean          build from an empty checkout and an empty cache
 *     -o image=UUID     build only this one of the images that follow the ref
 *     -o priority=N     from -9 to 9, default 0: go before (or after) other jobs
 *
 * The pusher writes the text. pre-receive refuses all other options before anything changes.
 */
#ifndef HORNERO_HOOKS_PUSHOPT_H
#define HORNERO_HOOKS_PUSHOPT_H

#include "lib/err.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stddef.h>

enum { PUSHOPT_MAX = 16, PUSHOPT_PRIORITY_MAX = 9 };

struct pushopt {
	bool wait, skip, rebuild, clean;
	int priority;
	char image[UUID_LEN + 1]; /* canonical, "" for all */
};

/* Pure. The last of a repeated option counts. ERR_PUSHER names the bad option and lists the known
 * ones. */
int pushopt_parse(const char *const *texts, size_t n, struct pushopt *out, struct err *e);

/* Returns true if this push skips the image. */
bool pushopt_skips(const struct pushopt *o, const char *uuid);

/* Reads the options that git passes to a hook: GIT_PUSH_OPTION_COUNT and GIT_PUSH_OPTION_0, … */
int pushopt_read(struct pushopt *out, struct err *e);

#endif
