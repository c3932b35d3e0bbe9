/*
 * pushopt: what the pusher wishes beside the push: `git push -o OPTION`.
 *
 *     -o wait           the build's log as it grows, and how it ends, before the push returns
 *     -o skip           this commit is not built
 *     -o rebuild        built although an artifact of the same content is there
 *     -o clean          built from nothing: from an empty checkout and an empty cache
 *     -o image=UUID     of the images that follow the ref only this one is built
 *     -o priority=N     from -9 to 9: before (or behind) other jobs; 0 where it is not given
 *
 * The text is the pusher's. pre-receive refuses what is none of these before anything changes.
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

/* Pure. Of one that stands twice the last counts. ERR_PUSHER names the option and those that there are. */
int pushopt_parse(const char *const *texts, size_t n, struct pushopt *out, struct err *e);

/* This push is not to have the image built. */
bool pushopt_skips(const struct pushopt *o, const char *uuid);

/* Those that git hands to a hook: GIT_PUSH_OPTION_COUNT and GIT_PUSH_OPTION_0, … */
int pushopt_read(struct pushopt *out, struct err *e);

#endif
