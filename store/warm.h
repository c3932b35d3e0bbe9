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

#include <stdbool.h>
#include <stdint.h>

enum { WARM_EARLIER = 8 }; /* how many earlier artifacts of an image are remembered */

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
	char inputs[SHA256_HEX + 1]; /* digest of binding, builder file, toolchain, architecture: see agent/common/key.h */
	char builder[33];
	int64_t job, attempt;
	int64_t published_ms;    /* of the steady clock (lib/steady.h) */
	char pinned[UUID_LEN + 1]; /* the release that the image was pinned to; "": these bytes are what the ref makes */
	char earlier[WARM_EARLIER * (SHA256_HEX + 1)]; /* digests of what was warm before, the newest first, blanks between */
	char repo[256];          /* that these bytes were built from; "" where an older hornero published them */
	int64_t refused;         /* of a release, see placed.h: 1 where the file is not ours and stays */
};

/* Does it satisfy the wish: this commit, and this pin in effect (NULL: none)? Pure. */
bool warm_satisfies(const struct warm *w, const char *commit, const char *pinned);

/* *w takes the place of *old (NULL: of none): fills w->earlier. What another repository made under this UUID is no earlier
 * artifact of the image: nobody rolls back to it. Pure. */
void warm_follow(struct warm *w, const struct warm *old);

/* Is it of another repository than this one? Pure. */
bool warm_is_of_other(const struct warm *w, const char *repo);

/* The i-th of w->earlier. Pure. */
bool warm_earlier(const struct warm *w, int i, char digest[SHA256_HEX + 1]);

enum warm_state {
	WARM_NONE,    /* no record: never published, or by nobody we know */
	WARM_OK,      /* the file in the cache is the one that we put there */
	WARM_GONE,    /* the file is not there any more (aged out, deleted) */
	WARM_FOREIGN, /* another file has its name */
	WARM_CHANGED, /* the file that we put there, but its bytes were changed since: damage.h */
};

/* What the cache has under w->name now, into ino, born_ns and size_bytes. ERR_NOBODY where that is no
 * regular file of this inode and size: somebody was faster. */
int warm_confirm(const char *cache_dir, struct warm *w, struct err *e);

/* A record at a path of its own, for placed.h; read: 1, 0 none or a bad one (logged), -1. */
int warm_write(const char *path, const struct warm *w, struct err *e);
int warm_read(const char *path, const char *uuid, struct warm *out, struct err *e);

/* What the cache says of a record now: all but WARM_NONE, which is an error. */
enum warm_state warm_state_of(const char *cache_dir, const struct warm *w, struct err *e);

/* Durable on return. */
int warm_save(const char *store_dir, const struct warm *w, struct err *e);

/* 1 read, 0 no record (or one that cannot be read: logged, treated as none), -1 error. */
int warm_load(const char *store_dir, const char *uuid, struct warm *out, struct err *e);

/* The record and what the cache says of it now. *out is filled unless WARM_NONE. */
int warm_look(const char *store_dir, const char *cache_dir, const char *uuid, struct warm *out,
	      enum warm_state *state, struct err *e);

/* "none", "warm", "gone", "foreign", "changed". */
const char *warm_state_name(enum warm_state s);

#endif
