/*
 * treedigest: SHA-256 of the files and directories that are a builder's inputs. Reads only files
 * that may have changed since the last time.
 *
 * state_dir/toolchain/BUILDER.inputs records path, inode, mode, size, mtime, ctime and SHA-256 of
 * each file. While a file's stat is as recorded, its content is, too: nobody can set a ctime. Times
 * are as coarse as the kernel's clock, and seconds on some filesystems, so a file that was changed
 * shortly before it was read is not recorded: the next change might have the same time. It is read
 * again until it is old enough. The device is no part of it, because its number may change with a
 * restart of the node.
 *
 * The record is replaced by rename and ends with a digest of itself. It may be lost or damaged:
 * every file is then read.
 */
#ifndef HORNERO_AGENT_COMMON_TREEDIGEST_H
#define HORNERO_AGENT_COMMON_TREEDIGEST_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/treewalk.h"

struct treedigest;

/* dir is that of the record, NULL for none. Returns NULL if memory runs out. An unusable record
 * counts as none. */
struct treedigest *treedigest_open(const char *dir, const char *builder);

/* Digests are for a reader who may not read all: what it cannot read below a directory counts as
 * such, so that the digest changes when it can. */
typedef bool tree_reader(void *reader, const struct tree_entry *entry);
void treedigest_for(struct treedigest *t, tree_reader *can_read, void *reader);

/* The digest of one input. For a file, it is the SHA-256 of its content. For a directory, that of
 * the sorted list of everything below it: path, type, whether it is executable, target of a link,
 * SHA-256 of a file. Returns 0, or -1 with e filled: as tree_walk. */
int treedigest_add(struct treedigest *t, const char *path, char digest[SHA256_HEX + 1],
		   struct err *e);

/* Writes the record if it has changed, or removes it if there were no inputs. If that fails, the
 * next caller reads more files. */
void treedigest_save(struct treedigest *t);

void treedigest_free(struct treedigest *t);

static inline void treedigest_end(struct treedigest **t)
{
	treedigest_free(*t);
}
#define own_treedigest __attribute__((cleanup(treedigest_end)))

#endif
