/*
 * toolident: which files a builder's toolchain stands on, as one digest that costs a few stats and no process.
 *
 * A file is path, device, inode, mode, size, mtime and ctime, and so is every symbolic link on its way. Which files those are
 * nobody says exactly: all programs and paths that the words of `version` name, also within a script of `sh -c`, all that `needs`
 * names, the list of Debian's packages, and that of the libraries. One too many costs one run of the version commands.
 */
#ifndef HORNERO_AGENT_COMMON_TOOLIDENT_H
#define HORNERO_AGENT_COMMON_TOOLIDENT_H

#include "conf/builder.h"
#include "lib/err.h"
#include "lib/sha.h"

/* Of the builder file and its programs, not of its inputs. ERR_NOBODY: out of memory. */
int toolident_programs(const struct builder *b, char out[SHA256_HEX + 1], struct err *e);
/* Of one file. One that is not there has a digest, too. */
int toolident_file(const char *path, char out[SHA256_HEX + 1], struct err *e);

#endif
