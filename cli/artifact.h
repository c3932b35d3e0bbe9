/*
 * artifact: what an artifact of the store was made of, as its manifest says, and what it is called under an image.
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
	struct manifest made;            /* all of it unknown ("" and 0) where there is a problem */
	char problem[ERR_MSG_MAX + 128]; /* why the manifest cannot be read, and the way out; "" */
};

/* Canonical uuid, valid digest. A manifest that cannot be read is a problem of *out, not an error; -1 only where
 * there is no name for the release. */
int artifact_load(const struct conf *c, const char *uuid, const char *digest, struct artifact *out, struct err *e);

/* "name: value" lines, what is unknown left out. */
void artifact_print(const struct cli *cli, const struct artifact *a);

/* One object by the manifest's names; what is unknown is null. */
json_t *artifact_json(const struct artifact *a);

#endif
