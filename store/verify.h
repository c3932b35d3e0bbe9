/*
 * verify: read every artifact of the store again, and move out of use what is not what its name says.
 *
 *     struct verify_count n;
 *     if (store_verify(store_dir, tell, arg, &n, e) < 0) …
 *
 * An artifact is refused where its file is not the one that its manifest was written for, or where its bytes have
 * another SHA-256 than its name. STORE/artifact/DIGEST.raw becomes DIGEST.refused, for people to look at, and the
 * manifest goes: from then on no key finds it, and the next build of its content makes it anew.
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

/* Once for each artifact that is refused; `why` is one sentence. */
typedef void verify_tell(void *arg, const char *digest, const char *why);

/* All of them, also behind a refused one. -1 with e where the directory cannot be read, or one artifact could
 * neither be read nor moved: the rest has been looked at all the same. */
int store_verify(const char *store_dir, verify_tell *tell, void *arg, struct verify_count *n, struct err *e);

/* One of them: it counts in n, and tell() is told where it was refused. pace (NULL: none) is asked while it is read. */
int store_verify_one(const char *store_dir, const char *digest, digest_pace *pace, void *pace_arg, verify_tell *tell, void *arg,
		     struct verify_count *n, struct err *e);

/* For all artifacts: it was done to its end just now. */
int store_verify_note(const char *store_dir, struct err *e);

/* Was this artifact refused, and not built again since? */
bool store_is_refused(const char *store_dir, const char *digest);

/* When that was done to its end last (wall ms); 0: never. It is the time of STORE/verified. */
int64_t store_verified_ms(const char *store_dir);

#endif
