/*
 * damage: files of ours in Nova's cache whose bytes were found changed: STORE/changed/NAME.json, one record each.
 *
 * The record names the file by inode and birth, so it is void as soon as right bytes are in its place. While it stands,
 * warm_look() and placed_look() answer WARM_CHANGED. hornero-scrub, `hornero cache --verify` and hornerod write it.
 */
#ifndef HORNERO_STORE_DAMAGE_H
#define HORNERO_STORE_DAMAGE_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct warm;

struct damage {
	char image[UUID_LEN + 1];
	char name[SHA1_HEX + 1];
	uint64_t ino;
	int64_t born_ns;
	char digest[SHA256_HEX + 1]; /* that the record promises */
	char found[SHA256_HEX + 1];  /* of the bytes that are there; "": compared, not digested */
	int64_t found_ms;            /* wall */
};

/* Durable on return. found may be "". */
int damage_note(const char *store_dir, const struct warm *w, const char *found, struct err *e);

/* Does one stand for the file of this record? Cheap: one open, of a file that mostly is not there. */
bool damage_stands(const char *store_dir, const struct warm *w);

/* The record of a name. 1 read, 0 none, -1 error. */
int damage_load(const char *store_dir, const char *name, struct damage *out, struct err *e);

void damage_clear(const char *store_dir, const char *name);

#endif
