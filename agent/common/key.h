/*
 * key: what a build depends on, as digests.
 *
 *   toolchain  what the builder's `version` commands print, and the bytes of its `inputs`
 *   content    tree + builder file + toolchain + architecture: everything a build can see; and what its boot has to
 *              show, where it has to; and on_missing, where it is not the default. Finds an artifact
 *   inputs     all that the wish holds besides the commit: binding, builder file, toolchain,
 *              architecture. The sweep compares it without reading the repository
 *   binding    whose builds these are: repository (this one, not one that had its name before), ref, subdirectory
 *   source     binding, builder file, toolchain, architecture: what an incremental build may find the leftovers of
 */
#ifndef HORNERO_AGENT_COMMON_KEY_H
#define HORNERO_AGENT_COMMON_KEY_H

#include "agent/common/toolchain.h"
#include "conf/builder.h"
#include "conf/conf.h"
#include "conf/expect.h"
#include "conf/image.h"
#include "lib/err.h"
#include "lib/sha.h"

/* What the artifact's boot has to show, as the image file and the repository say together. */
struct key_boot {
	char expect[EXPECT_MAX + 1]; /* "": it is not booted, and the rest means nothing */
	int64_t timeout_s;
	int64_t memory_bytes;
	char machine[17];
};

/* What content is made of besides the tree and the builder's name, for people to compare later. */
struct key_parts {
	char builder_file[SHA256_HEX + 1];
	char toolchain[SHA256_HEX + 1];
	char architecture[65];
	char version[TOOLCHAIN_VERSION_MAX + 1]; /* first line of each version command, "; " between them */
};

/* As toolchain_find. */
int key_toolchain(const struct conf *c, const struct builder *b, char out[SHA256_HEX + 1], struct err *e);

/* All parts; version is printable ASCII, cut where it is too long. Errors as of key_toolchain. */
int key_parts(const struct conf *c, const struct builder *b, struct key_parts *out, struct err *e);

/* attributes: what .gitattributes above the tree say, as a digest; "": there are none, and the key is as it was. on_missing of c
 * is a part of it: what was built while a file might be missing is no answer once that is refused. */
int key_content(const struct conf *c, const struct builder *b, const char *tree, const char *attributes, const char *toolchain,
		const struct key_boot *boot, char out[SHA256_HEX + 1], struct err *e);

int key_inputs(const struct image *img, const struct builder *b, const char *toolchain, char out[SHA256_HEX + 1],
	       struct err *e);

int key_binding(const struct conf *c, const struct image *img, char out[SHA256_HEX + 1], struct err *e);

int key_source(const char *binding, const struct builder *b, const char *toolchain, char out[SHA256_HEX + 1], struct err *e);

/* The inputs of an image while it is pinned to a release: nothing else matters then. */
int key_pinned(const char *release, char out[SHA256_HEX + 1], struct err *e);

#endif
