/*
 * changed: records of our files in Nova's cache whose bytes were changed: STORE/changed/NAME.json.
 *
 * A record names the file by inode and birth, so it is void once another file takes its place.
 * While it is valid, warm_look() and placed_look() answer WARM_CHANGED. hornero-scrub, `hornero
 * cache --verify` and hornerod write it.
 */
#ifndef HORNERO_STORE_CHANGED_H
#define HORNERO_STORE_CHANGED_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct warm;

struct changed {
	char image[UUID_LEN + 1];
	char name[SHA1_HEX + 1];
	uint64_t ino;
	int64_t born_ns;
	char digest[SHA256_HEX + 1]; /* of the warm record */
	char found[SHA256_HEX + 1];  /* of the present bytes; "": compared, not digested */
	int64_t found_ms;            /* wall */
};

/* Durable on return. found may be "". */
int changed_note(const char *store_dir, const struct warm *w, const char *found, struct err *e);

/* Returns true if there is a record for the file of w. Cheap: one open of a file that is usually
 * missing. */
bool changed_stands(const char *store_dir, const struct warm *w);

/* Reads the record of a name. Returns 1 if read, 0 if there is none, -1 on error. */
int changed_load(const char *store_dir, const char *name, struct changed *out, struct err *e);

void changed_clear(const char *store_dir, const char *name);

#endif
