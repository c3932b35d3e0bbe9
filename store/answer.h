/*
 * answer: the artifact that a content key finds, per image.
 *
 *     STORE/clean/KEY      one line: the DIGEST of the first clean build of this key; the answer
 *                          for every image
 *     STORE/own/UUID/KEY   a record of what builds of the image UUID gave; the answer for that
 *                          image alone
 *
 * A clean build starts with an empty checkout and an empty cache, so only the key decides its
 * bytes. An incremental build finds files of earlier builds, so the authors of those decide a part
 * of its bytes: it answers to its own image alone and replaces no clean answer.
 *
 * The first clean answer stays as long as its artifact: a repository that builds the same key
 * repeatedly cannot choose a result for others. An image's own clean answer goes before it.
 *
 * Lookups hold the store's lock, shared, and renew the artifact's time of last use.
 */
#ifndef HORNERO_STORE_ANSWER_H
#define HORNERO_STORE_ANSWER_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stdint.h>

enum { ANSWER_WORD = 16 };
#define ANSWER_CLEAN "clean"
#define ANSWER_INCREMENTAL "incremental"
#define ANSWER_CONFIRMED "confirmed" /* incremental, and a clean build gave the same bytes */
#define ANSWER_SHARED "shared" /* taken from another node, where a clean build gave them */

struct answer {
	char digest[SHA256_HEX + 1];
	char built[ANSWER_WORD];       /* one of the words above; "": unknown */
	/* Only in STORE/own: */
	char binding[SHA256_HEX + 1];  /* its repository, ref and subdirectory:
					* agent/common/contentkey.h */
	int64_t job;                   /* that built it */
};

/* The image that asks. An answer of another binding of the same UUID does not count. */
struct answer_who {
	const char *image, *binding;
};

/* Returns 1 and the artifact that answers, which exists and is unchanged; 0 if there is none; -1 on
 * error. If it returns 0 because the artifact was changed, e->sys is ESTALE and e->msg says how. */
int answer_find(const char *store_dir, const struct answer_who *who, const char *key,
		struct answer *out, struct err *e);

/* The same, for clean answers only (clean, confirmed or shared). */
int answer_find_clean(const char *store_dir, const struct answer_who *who, const char *key,
		      struct answer *out, struct err *e);

/* Records that a build of this key for a->binding of the image gave the artifact a->digest, which
 * must be in the store. Durable on return. */
int answer_give(const char *store_dir, const char *image, const char *key, const struct answer *a,
		struct err *e);

/* Describes how the image got these bytes, for users; out->built is "" if no record says so. */
void answer_describe(const char *store_dir, const char *image, const char *key, const char *digest,
		     struct answer *out);

/* Returns true if the key has a clean answer. */
bool answer_has_clean(const char *store_dir, const char *image, const char *key);

/* Reads the artifact of the record `name` in dir, a directory of STORE/own. Returns false if the
 * record cannot be read. digest is "" if the record is invalid. */
bool answer_digest_at(int dir, const char *name, char digest[SHA256_HEX + 1]);

/* Returns true if this artifact is the clean answer of the key. Only reads. */
bool answer_is_clean(const char *store_dir, const char *key, const char *digest);

/* Removes the answers of a deleted image that were for it alone. */
int answer_forget(const char *store_dir, const char *image, struct err *e);

#endif
