/*
 * toolchain: what a builder's `version` commands print and the bytes of its `inputs`, as one digest; and the record of it.
 *
 * state_dir/toolchain/BUILDER says what was found, and on which files it stands (agent/common/toolident.h): while those are the same, no
 * command runs and no input is read. hornero-sweep keeps the records, so that a push finds its own. Lines of text, written
 * aside and renamed; it may be lost, and nothing but hornero's user can write it.
 *
 * A command that is slow, or fails, holds no job: ERR_NOBODY, and the whole command stands in the words.
 */
#ifndef HORNERO_AGENT_COMMON_TOOLCHAIN_H
#define HORNERO_AGENT_COMMON_TOOLCHAIN_H

#include "conf/builder.h"
#include "conf/conf.h"
#include "lib/err.h"
#include "lib/sha.h"

#include <stdbool.h>

enum { TOOLCHAIN_VERSION_MAX = 255 };

struct toolchain {
	char digest[SHA256_HEX + 1];
	char version[TOOLCHAIN_VERSION_MAX + 1]; /* first line of each version command, "; " between them; printable ASCII */
};

/* By the record where that is still true. Else the commands run, as build_uid where we are root, 10 s all of them together and
 * 64 KiB each at the most, and the record is written where we may. ERR_OPERATOR names an input that cannot be read. */
int toolchain_find(const struct conf *c, const struct builder *b, struct toolchain *out, struct err *e);

/* In the background: ask anew, since no stat sees everything, and with more patience. */
int toolchain_ask(const struct conf *c, const struct builder *b, struct err *e);

#endif
