/*
 * verify: reads every artifact of the store again and moves damaged ones out of use.
 *
 *     struct verify_count n;
 *     if (store_verify(store_dir, tell, arg, &n, e) < 0) …
 *
 * It refuses an artifact whose file is not the one that its manifest was written for, or whose
 * SHA-256 is not its name. It renames STORE/artifact/DIGEST.raw to DIGEST.refused, for operators to
 * inspect, and removes the manifest: from then on no key finds the artifact, and the next build of
 * its content makes it again.
 */
#ifndef HORNERO_STORE_VERIFY_H
#define HORNERO_STORE_VERIFY_H

#include "lib/digest.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

struct verify_count {
	int64_t whole, refused;
};

/* Called for each refused artifact; `why` is one sentence. */
typedef void verify_tell(void *arg, const char *digest, const char *why);

/* Verifies all artifacts, and does not stop at a refused one. Returns -1 with e if the directory
 * cannot be read, or if one artifact could neither be read nor moved; it still verifies the
 * rest. */
int store_verify(const char *store_dir, verify_tell *tell, void *arg, struct verify_count *n,
		 struct err *e);

/* Verifies one artifact, counts it in n and calls tell() if it is refused. Calls pace (NULL: none)
 * while reading. */
int store_verify_one(const char *store_dir, const char *digest, digest_pace *pace, void *pace_arg,
		     verify_tell *tell, void *arg, struct verify_count *n, struct err *e);

/* Records that a verification of all artifacts has just finished. */
int store_verify_note(const char *store_dir, struct err *e);

/* Returns true if this artifact was refused and not built again since. */
bool store_is_refused(const char *store_dir, const char *digest);

/* Returns when that last happened (wall ms), or 0: never. It is the mtime of STORE/verified. */
int64_t store_verified_ms(const char *store_dir);

#endif
