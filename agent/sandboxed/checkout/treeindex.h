/*
 * treeindex: WORK/tree, the record of a checkout: every path with its object id and its stat.
 *
 *     treeindex_open(&in, work, boot)                   false: there is no record to rely on
 *     while ((was = treeindex_peek(&in))) …             one directory's entries, sorted by strcmp
 *     treeindex_next(&in)                               skip a leaf, or enter a directory
 *     treeindex_leave(&in)                              leave a directory after its last entry
 *     treeindex_close(&in)
 *
 *     treeindex_create(&out, work, e)
 *     treeindex_add(&out, mode, id, name, len, &st)     directory: then entries, treeindex_up
 *     treeindex_finish(&out, boot, tree, rules, e)      gives the file its name
 *
 * Both are streams in the order of the walk, so a tree of any size needs a few kilobytes of memory.
 * The file lies next to src and cache, where builders' sandboxes cannot reach it. It belongs to
 * this machine: its byte order is native, and a reboot makes it invalid.
 *
 * A change in the same clock tick as the record leaves no trace in ctime. Git calls such an entry
 * racy (its Documentation/technical/racy-git.txt), and so does treeindex_is_racy. Compare the bytes
 * of such a file.
 */
#ifndef HORNERO_AGENT_SANDBOXED_CHECKOUT_TREEINDEX_H
#define HORNERO_AGENT_SANDBOXED_CHECKOUT_TREEINDEX_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#define TREEINDEX_NAME "tree"
enum { TREEINDEX_ID = 20, TREEINDEX_DEPTH_MAX = 200, TREEINDEX_HEX_MAX = 64,
       TREEINDEX_RULES_MAX = 79 };

/* Zero for directories and submodules: the checkout checks those by entering them. */
struct treeindex_stat {
	uint64_t size, ino;
	int64_t mtime_ns, ctime_ns;
	uint32_t mode;
};

struct treeindex_entry {
	struct treeindex_stat st;
	uint32_t mode; /* git's */
	unsigned char id[TREEINDEX_ID];
	size_t len;
	char name[256];
};

struct treeindex_in {
	FILE *f;
	char tree[TREEINDEX_HEX_MAX + 1]; /* object id of the tree in src */
	char rules[TREEINDEX_RULES_MAX + 1]; /* as passed to treeindex_finish */
	int64_t stamp_ns;                 /* when the record was complete */
	int depth;                        /* directories entered */
	bool broken;                      /* no more entries follow, and those read may be wrong */
	enum { TREEINDEX_UNREAD, TREEINDEX_HERE, TREEINDEX_END } at;
	struct treeindex_entry e;
};

bool treeindex_open(struct treeindex_in *in, int work, const char *boot);
/* The same for an open file, which `in` owns from now on. */
bool treeindex_begin(struct treeindex_in *in, FILE *f, int64_t stamp_ns, const char *boot);
void treeindex_close(struct treeindex_in *in);

/* Returns NULL at the end of the directory and if the record is damaged. Valid until the next
 * call. */
const struct treeindex_entry *treeindex_peek(struct treeindex_in *in);
void treeindex_next(struct treeindex_in *in);
void treeindex_leave(struct treeindex_in *in);

bool treeindex_is_racy(const struct treeindex_in *in, const struct treeindex_stat *st);

struct treeindex_out {
	FILE *f;
	int work;      /* borrowed */
	uint32_t crc;
	uint64_t size; /* of all records */
};

/* Writes to a temporary name; the next run replaces a leftover. */
int treeindex_create(struct treeindex_out *out, int work, struct err *e);
/* treeindex_finish reports failed writes. */
void treeindex_add(struct treeindex_out *out, uint32_t mode, const unsigned char *id,
		   const char *name, size_t len, const struct treeindex_stat *st);
void treeindex_up(struct treeindex_out *out);
int treeindex_finish(struct treeindex_out *out, const char *boot, const char *tree,
		     const char *rules, struct err *e);
void treeindex_abandon(struct treeindex_out *out);

struct treeindex_stat treeindex_stat_of(const struct stat *st);
bool treeindex_same(const struct treeindex_stat *a, const struct treeindex_stat *b);

#endif
