/*
 * contentkey: digests of everything that a build depends on.
 *
 *   toolchain  the output of the builder's `version` commands, and the bytes of its `inputs`
 *   content    tree + builder file + toolchain + architecture: everything that a build can see;
 *              and the expected boot, if any; and on_missing, unless it is the default. It finds
 *              an artifact
 *   inputs     all of the wish except the commit: binding, builder file, toolchain, architecture.
 *              The sweep compares it without reading the repository
 *   binding    owner of the builds: repository (this one, not one that had its name before), ref,
 *              subdirectory
 *   source     binding, builder file, toolchain, architecture, and what .hornero.yaml adds to the
 *              command: an incremental build may use leftovers of the same source only
 *   fetched    source, and the files of the tree that decide what is fetched: where fetched files
 *              are kept. A part of the content key, so no other repository, ref or subdirectory
 *              gets an artifact of what the code of this one fetched
 *
 * The tree holds .hornero.yaml, so the content key needs no part for its settings.
 */
#ifndef HORNERO_AGENT_COMMON_CONTENTKEY_H
#define HORNERO_AGENT_COMMON_CONTENTKEY_H

#include "agent/common/toolchain.h"
#include "conf/builder.h"
#include "conf/conf.h"
#include "conf/expect.h"
#include "conf/image.h"
#include "conf/repowords.h"
#include "lib/err.h"
#include "lib/sha.h"

/* The boot that the artifact must pass, from the image file and the repository together. */
struct key_boot {
	char expect[EXPECT_MAX + 1]; /* "" if it is not booted; the rest then has no meaning */
	int64_t timeout_s;
	int64_t memory_bytes;
	char machine[17];
	char bus[17]; /* part of a key only if it is not the default */
};

/* Parts of the content key besides the tree and the builder's name, for people to compare later. */
struct key_parts {
	char builder_file[SHA256_HEX + 1];
	char toolchain[SHA256_HEX + 1];
	char architecture[65];
	/* first line of each version command, separated by "; " */
	char version[TOOLCHAIN_VERSION_MAX + 1];
};

/* Fills *out as the image file says; timeout_s is 0 if it does not say. */
void key_boot_of(const struct image *img, struct key_boot *out);

/* Returns as toolchain_find. */
int key_toolchain(const struct conf *c, const struct builder *b, char out[SHA256_HEX + 1],
		  struct err *e);

/* Fills all parts; version is printable ASCII, cut if too long. Returns as key_toolchain. */
int key_parts(const struct conf *c, const struct builder *b, struct key_parts *out, struct err *e);

/* attributes is a digest of the .gitattributes above the tree, "" if there are none; the key then
 * has no such field. c->on_missing is part of the key: an artifact built while a file might be
 * missing must not be reused once that is refused. inside is the image's directory in
 * the tree, "" if that is the whole tree: two images may see the same tree from different
 * places. fetched is key_fetched()'s digest, "" if the builder fetches nothing. */
int key_content(const struct conf *c, const struct builder *b, const char *tree,
		const char *attributes, const char *inside, const char *toolchain,
		const char *fetched, const struct key_boot *boot, char out[SHA256_HEX + 1],
		struct err *e);

int key_inputs(const struct image *img, const struct builder *b, const char *toolchain,
	       char out[SHA256_HEX + 1], struct err *e);

int key_binding(const struct conf *c, const struct image *img, char out[SHA256_HEX + 1],
		struct err *e);

int key_source(const char *binding, const struct builder *b, const struct repowords *words,
	       const char *toolchain, char out[SHA256_HEX + 1], struct err *e);

/* locks is the checkout's digest of the lock files. */
int key_fetched(const char *source, const char *locks, char out[SHA256_HEX + 1], struct err *e);

/* The inputs of an image that is pinned to a release: nothing else matters then. */
int key_pinned(const char *release, char out[SHA256_HEX + 1], struct err *e);

#endif
