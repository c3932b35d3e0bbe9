/*
 * artifact: the inputs of an artifact in the store, from its manifest, and its release name under
 * an image.
 *
 *     struct artifact a;
 *     if (artifact_load(c, uuid, digest, &a, e) < 0) …
 *     artifact_print(cli, &a), or artifact_json(&a)
 */
#ifndef HORNERO_CLI_ARTIFACT_H
#define HORNERO_CLI_ARTIFACT_H

#include "cli/cli.h"
#include "store/store.h"
#include "store/warm.h"

#include <jansson.h>

struct artifact {
	char digest[SHA256_HEX + 1];
	char release[UUID_LEN + 1];
	enum warm_state release_state;
	struct manifest m;               /* all unknown ("" and 0) if there is a problem */
	char problem[ERR_MSG_MAX + 128]; /* why the manifest is unreadable, and the remedy; or "" */
};

/* uuid must be canonical, digest valid. An unreadable manifest sets out->problem and is no error.
 * Returns 0, or -1 if the release has no name or its placement cannot be examined. */
int artifact_load(const struct conf *c, const char *uuid, const char *digest, struct artifact *out,
		  struct err *e);

/* Prints "name: value" lines; omits unknown values. */
void artifact_print(const struct cli *cli, const struct artifact *a);

/* Returns an object with the manifest's names; unknown values are null. */
json_t *artifact_json(const struct artifact *a);

#endif
