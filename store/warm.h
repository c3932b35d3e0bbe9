/*
 * warm: what is in Nova's cache by our hand: one record per image, written after the rename.
 *
 * A file in the cache that no record matches (inode, its birth, size) is not ours and not warm.
 * The records are what the sweep compares the wishes with; no database is asked.
 */
#ifndef HORNERO_STORE_WARM_H
#define HORNERO_STORE_WARM_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <stdint.h>

struct warm {
	char image[UUID_LEN + 1];
	char name[SHA1_HEX + 1]; /* below the cache directory */
	uint64_t ino;
	int64_t born_ns;         /* when the inode was made: numbers of inodes are used again. 0: not to be had */
	int64_t size_bytes;
	char digest[SHA256_HEX + 1];
	char key[SHA256_HEX + 1];
	char commit[65];         /* commit of the ref that these bytes satisfy */
	char tree[65];
	char inputs[SHA256_HEX + 1]; /* digest of binding, builder file, toolchain, architecture: see agent/key.h */
	char builder[33];
	int64_t job, attempt;
	int64_t published_ms;    /* wall */
};

enum warm_state {
	WARM_NONE,    /* no record: never published, or by nobody we know */
	WARM_OK,      /* the file in the cache is the one that we put there */
	WARM_GONE,    /* the file is not there any more (aged out, deleted) */
	WARM_FOREIGN, /* another file has its name */
};

/* What the cache has under w->name now, into ino, born_ns and size_bytes. ERR_NOBODY where that is no
 * regular file of this inode and size: somebody was faster. */
int warm_confirm(const char *cache_dir, struct warm *w, struct err *e);

/* Durable on return. */
int warm_save(const char *store_dir, const struct warm *w, struct err *e);
int warm_remove(const char *store_dir, const char *uuid, struct err *e);

/* 1 read, 0 no record (or one that cannot be read: logged, treated as none), -1 error. */
int warm_load(const char *store_dir, const char *uuid, struct warm *out, struct err *e);

/* The record and what the cache says of it now. *out is filled unless WARM_NONE. */
int warm_look(const char *store_dir, const char *cache_dir, const char *uuid, struct warm *out,
	      enum warm_state *state, struct err *e);

/* "none", "warm", "gone", "foreign". */
const char *warm_state_name(enum warm_state s);

#endif
