/*
 * warm: records the files that we put into Nova's cache, one record per image, written after the
 * rename.
 *
 * A file in the cache that no record matches (inode, birth, size) is not ours and not warm. The
 * sweep compares the refs with these records; it asks no database.
 */
#ifndef HORNERO_STORE_WARM_H
#define HORNERO_STORE_WARM_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"
#include "store/provenance.h"

#include <stdbool.h>
#include <stdint.h>

enum { WARM_EARLIER = 8 }; /* earlier artifacts to remember for each image */

struct warm {
	struct provenance made;
	char name[SHA1_HEX + 1]; /* below the cache directory */
	uint64_t ino;
	int64_t born_ns;         /* when the inode was made, since inode numbers are reused; 0:
				  * unknown */
	int64_t size_bytes;
	int64_t published_ms;    /* of the steady clock (lib/steady.h) */
	char earlier[WARM_EARLIER * (SHA256_HEX + 1)]; /* digests of earlier artifacts, newest
							* first, separated by blanks */
	int64_t refused;         /* of a release (placed.h): 1 if the file is not ours and stays */
};

/* Returns true if it satisfies this commit and this pin in effect (NULL: none). Pure. */
bool warm_satisfies(const struct warm *w, const char *commit, const char *pinned);

/* Fills w->earlier when *w replaces *old (NULL: nothing). Artifacts that another repository made
 * under this UUID do not count: nobody rolls back to them. Pure. */
void warm_follow(struct warm *w, const struct warm *old);

/* Returns true if it is of a repository other than repo. Pure. */
bool warm_is_of_other(const struct warm *w, const char *repo);

/* Reads the i-th digest of w->earlier. Returns false if there is none. Pure. */
bool warm_earlier(const struct warm *w, int i, char digest[SHA256_HEX + 1]);

enum warm_state {
	WARM_NONE,    /* no record: never published by us */
	WARM_OK,      /* the file in the cache is ours */
	WARM_GONE,    /* the file is missing (aged out, deleted) */
	WARM_FOREIGN, /* another file has its name */
	WARM_CHANGED, /* the file is ours, but its bytes were changed: changed.h */
};

/* Whether a is of a later job than b, or of a later attempt of the same job. */
bool warm_is_newer(const struct warm *a, const struct warm *b);

/* Fills born_ns from the file w->name in the cache. ERR_NOBODY if that is not a regular file of
 * this inode and size: another process replaced it. */
int warm_confirm(const char *cache_dir, struct warm *w, struct err *e);

/* A record at a path of its own, for placed.h. warm_read returns 1 if read, 0 if missing or invalid
 * (logged), -1 on error. */
int warm_write(const char *path, const struct warm *w, struct err *e);
int warm_read(const char *path, const char *uuid, struct warm *out, struct err *e);

/* Compares a record with the cache. Returns any state but WARM_NONE, which means an error. */
enum warm_state warm_state_of(const char *cache_dir, const struct warm *w, struct err *e);

/* Durable on return. */
int warm_save(const char *store_dir, const struct warm *w, struct err *e);

/* Returns 1 if read, 0 if missing or invalid (logged), -1 on error. */
int warm_load(const char *store_dir, const char *uuid, struct warm *out, struct err *e);

/* Reads the record and compares it with the cache. Fills *out unless the state is WARM_NONE. */
int warm_look(const char *store_dir, const char *cache_dir, const char *uuid, struct warm *out,
	      enum warm_state *state, struct err *e);

/* "none", "warm", "gone", "foreign", "changed". */
const char *warm_state_name(enum warm_state s);

#endif
