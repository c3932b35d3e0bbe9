/*
 * toolchain: one digest of the output of a builder's `version` commands and the bytes of its
 * `inputs`, and the record of it.
 *
 * state_dir/toolchain/BUILDER holds the result, the identity of the programs that it depends on
 * (agent/common/toolident.h) and the digests of the inputs (agent/common/treedigest.h). While those
 * are unchanged, no command runs. Only files of the inputs that may have changed are read.
 * hornero-sweep refreshes the records, so that a push finds one. A record is lines of text,
 * replaced by rename. It may be lost, and only hornero's user can write it.
 *
 * A slow or failing command never holds a job: it is ERR_NOBODY, and the message quotes the
 * command.
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
	/* first line of each version command, separated by "; "; printable ASCII */
	char version[TOOLCHAIN_VERSION_MAX + 1];
};

/* Uses the record if it is still valid. Otherwise runs the commands, as build_uid if we are root,
 * within 10 s for all of them and at most 64 KiB of output each, and writes the record if
 * permitted. Returns 0, or -1 on error: ERR_OPERATOR names an input that cannot be read. */
int toolchain_find(const struct conf *c, const struct builder *b, struct toolchain *out,
		   struct err *e);

/* Runs the commands even if the record is valid, because stat does not see every change, and with a
 * longer timeout. For background use. */
int toolchain_ask(const struct conf *c, const struct builder *b, struct err *e);

#endif
