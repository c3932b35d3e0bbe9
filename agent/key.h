/*
 * key: what a build depends on, as digests.
 *
 *   toolchain  what the builder's `version` commands print, and the bytes of its `inputs`
 *   content    tree + builder file + toolchain + architecture: everything a build can see. Finds an artifact
 *   inputs     all that the wish holds besides the commit: binding, builder file, toolchain,
 *              architecture. The sweep compares it without reading the repository
 */
#ifndef HORNERO_AGENT_KEY_H
#define HORNERO_AGENT_KEY_H

#include "conf/builder.h"
#include "conf/conf.h"
#include "conf/image.h"
#include "lib/err.h"
#include "lib/sha.h"

/* Runs the version commands (as build_uid where we are root), each 10 s and 64 KiB at most.
 * ERR_OPERATOR names the command or file that cannot be had. */
int key_toolchain(const struct conf *c, const struct builder *b, char out[SHA256_HEX + 1], struct err *e);

int key_content(const struct builder *b, const char *tree, const char *toolchain, char out[SHA256_HEX + 1],
		struct err *e);

int key_inputs(const struct image *img, const struct builder *b, const char *toolchain, char out[SHA256_HEX + 1],
	       struct err *e);

#endif
