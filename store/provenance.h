/*
 * provenance: from what an artifact was made, and by which attempt. The verdict of an attempt, the
 * manifest of an artifact and the record of a warm file each have one, so one assignment passes all
 * of it on.
 */
#ifndef HORNERO_STORE_PROVENANCE_H
#define HORNERO_STORE_PROVENANCE_H

#include "lib/sha.h"
#include "lib/uuid.h"

#include <stdint.h>

struct provenance {
	char image[UUID_LEN + 1]; /* in a manifest: these three and commit are of its first build */
	int64_t job, attempt;
	char repo[256];         /* "" in files of an older hornero */
	char commit[65];        /* of the ref */
	char tree[65];          /* object id of the keyed subtree */
	char builder[33];
	char key[SHA256_HEX + 1]; /* content key: agent/common/contentkey.h */
	char digest[SHA256_HEX + 1];
	/* Not recorded in manifests. Digest of binding, builder file, toolchain and architecture;
	 * and the release that the image was pinned to, "" if the bytes are the ref's. */
	char inputs[SHA256_HEX + 1];
	char pinned[UUID_LEN + 1];
};

#endif
