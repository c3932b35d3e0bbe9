/*
 * repofile: `.hornero.yaml` in an image's subdirectory: settings from the repository. Users push
 * it, so it is untrusted.
 *
 *     builder: make                  which builder
 *     expect: listening on [0-9]+    the console line that proves a boot
 *     timeout: 30s                   …within this time
 *
 * A setting in the image file overrides it.
 *
 * It cannot set limits, devices or network: only the operator can.
 */
#ifndef HORNERO_CONF_REPOFILE_H
#define HORNERO_CONF_REPOFILE_H

#include "conf/expect.h"
#include "lib/err.h"

#include <stddef.h>

#define REPOFILE_NAME ".hornero.yaml"
enum { REPOFILE_MAX = 16384 /* bytes */ };

struct repofile {
	char builder[33];            /* "" if unset */
	char expect[EXPECT_MAX + 1]; /* "" if unset */
	int64_t timeout_s;           /* 0 if unset */
};

/* The settings, for the manual and messages. */
struct settings;
extern const struct settings repofile_settings;

/* Parses text[0..len). Returns 0, or -1 with ERR_PUSHER and "name:line:column: what, and what is
 * allowed". */
int repofile_parse(const char *name, const char *text, size_t len, struct repofile *out,
		   struct err *e);

#endif
