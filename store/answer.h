/*
 * answer: which artifact a content key finds, and for which image.
 *
 *     STORE/clean/KEY      one line, the DIGEST that a clean build of this key gave first: the answer for every image
 *     STORE/own/UUID/KEY   a record of what builds of the image UUID gave: the answer for that image alone
 *
 * A clean build started with an empty checkout and an empty cache, so nothing but the key decided its bytes. An
 * incremental one found what earlier builds had left, and whoever pushed those decided a part of its bytes: it answers
 * to its own image alone, and takes the place of no clean one.
 *
 * The first clean answer stays while its artifact does: a repository that builds the same key again and again cannot
 * choose among the results for others. What a clean build gave for the image itself goes before it.
 *
 * Finding holds the store's lock, shared, and renews the time when the artifact was used last.
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

struct answer {
	char digest[SHA256_HEX + 1];
	char built[ANSWER_WORD];       /* one of the words above; "": nobody knows */
	/* Of STORE/own alone. */
	char binding[SHA256_HEX + 1];  /* repository, ref and subdirectory that it was built from: agent/common/key.h */
	int64_t job;                   /* that built it */
};

/* Whose question it is: an answer of another binding of the same UUID is none. */
struct answer_who {
	const char *image, *binding;
};

/* 1 and the artifact that answers, which is there and unchanged; 0 none; -1 error. Where 0 is because the artifact was
 * changed, e->sys is ESTALE and e->msg says what. */
int answer_find(const char *store_dir, const struct answer_who *who, const char *key, struct answer *out, struct err *e);

/* The same, of clean answers alone (clean or confirmed). */
int answer_find_clean(const char *store_dir, const struct answer_who *who, const char *key, struct answer *out, struct err *e);

/* The artifact a->digest, which is in the store, came of a build of this key for a->binding of the image. Durable on
 * return. */
int answer_give(const char *store_dir, const char *image, const char *key, const struct answer *a, struct err *e);

/* How the image came to these bytes, for people; out->built is "" where no record says so. */
void answer_describe(const char *store_dir, const char *image, const char *key, const char *digest, struct answer *out);

/* Does any clean answer stand for the key? */
bool answer_has_clean(const char *store_dir, const char *image, const char *key);

/* The artifact of the record `name` in dir, a directory of STORE/own. False: it cannot be read; "" where it makes no
 * sense. */
bool answer_digest_at(int dir, const char *name, char digest[SHA256_HEX + 1]);

/* The image is gone, and with it what answered to it alone. */
int answer_forget(const char *store_dir, const char *image, struct err *e);

#endif
