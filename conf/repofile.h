/*
 * repofile: `.hornero.yaml` in an image's subdirectory: settings from the repository. Users push
 * it, so it is untrusted.
 *
 *     builder: make                  which builder
 *     expect: listening on [0-9]+    the console line that proves a boot
 *     timeout: 30s                   …within this time
 *     artifact: build/app.img         and the other settings of conf/repowords.h, each only if the
 *     arguments: [-j2]               builder allows it
 *
 * A setting in the image file overrides it.
 *
 * It cannot set limits, devices, network or inputs of the node: only the operator can.
 */
#ifndef HORNERO_CONF_REPOFILE_H
#define HORNERO_CONF_REPOFILE_H

#include "conf/expect.h"
#include "conf/repowords.h"
#include "lib/err.h"

#include <stddef.h>

#define REPOFILE_NAME ".hornero.yaml"
enum { REPOFILE_MAX = 16384 /* bytes */ };

struct repofile {
	char builder[33];            /* "" if unset */
	char expect[EXPECT_MAX + 1]; /* "" if unset */
	int64_t timeout_s;           /* 0 if unset */
	struct repowords words;      /* the settings that need a permission */
};

/* The settings, for the manual and messages. */
struct settings;
extern const struct settings repofile_settings;

/* Parses text[0..len). Returns 0, or -1 with ERR_PUSHER and "name:line:column: what, and what is
 * allowed". */
int repofile_parse(const char *name, const char *text, size_t len, struct repofile *out,
		   struct err *e);

/* Reads and parses the file in an open directory; all is unset if there is none. Fills *text, which
 * then may be NULL, for repofile_allowed; the caller frees it. Follows no link. */
int repofile_read(int dir, struct repofile *out, char **text, size_t *len, struct err *e);

/* Checks that the text, which repofile_parse has accepted, sets only what the builder allows
 * (repowords_may). Returns 0, or -1 with ERR_PUSHER, place and way out. */
int repofile_allowed(const char *name, const char *text, size_t len, const char *builder,
		     char *const *allow, struct err *e);

/* Fills e for a value that the text, as above, has for the setting: ERR_PUSHER, place, setting,
 * value, and `why`. Always returns -1. */
int repofile_blame(const char *name, const char *text, size_t len, const char *setting,
		   const char *value, const char *why, struct err *e);

#endif
