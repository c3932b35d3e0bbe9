/*
 * repofile: `.hornero.yaml` at an image's subdirectory, the repository's own words. Pushed, so untrusted.
 *
 *     builder: make                  which builder
 *     expect: listening on [0-9]+    the line of the console that proves a boot
 *     timeout: 30s                   …within so long
 *
 * What the image file says of the same key wins.
 *
 * Never limits, devices or network: those are the operator's.
 */
#ifndef HORNERO_CONF_REPOFILE_H
#define HORNERO_CONF_REPOFILE_H

#include "conf/expect.h"
#include "lib/err.h"

#include <stddef.h>

#define REPOFILE_NAME ".hornero.yaml"
enum { REPOFILE_MAX = 16384 /* bytes */ };

struct repofile {
	char builder[33];            /* "" where not named */
	char expect[EXPECT_MAX + 1]; /* "" where nothing is expected */
	int64_t timeout_s;           /* 0 where not said */
};

/* The keys, for the manual and messages. */
struct table;
extern const struct table repofile_table;

/* Parse text[0..len). ERR_PUSHER with "name:line:column: what, and what is allowed". */
int repofile_parse(const char *name, const char *text, size_t len, struct repofile *out, struct err *e);

#endif
