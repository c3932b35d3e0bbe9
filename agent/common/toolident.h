/*
 * toolident: one digest of the files that a builder's toolchain depends on, at the cost of a few
 * stats and no process.
 *
 * A file counts with path, device, inode, mode, size, mtime and ctime, and so does every symbolic
 * link on its way. The exact set of files is unknown. We take all programs and paths in the words
 * of `version`, also within a script of `sh -c`, everything in `needs`, the list of Debian's
 * packages, and that of the libraries. A file too many costs one run of the version commands.
 */
#ifndef HORNERO_AGENT_COMMON_TOOLIDENT_H
#define HORNERO_AGENT_COMMON_TOOLIDENT_H

#include "conf/builder.h"
#include "conf/conf.h"
#include "lib/err.h"
#include "lib/sha.h"

/* The digest of the builder file and its programs, without its inputs. ERR_NOBODY if out of
 * memory. */
int toolident_programs(const struct conf *c, const struct builder *b, char out[SHA256_HEX + 1],
		       struct err *e);

#endif
