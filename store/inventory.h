/*
 * inventory: lists the artifacts of the store with their size and last use, and removes them.
 *
 *     own_fd int lock = store_lock(store_dir, STORE_ALONE, e);
 *     own_inventory struct inventory all = {0};
 *     if (inventory_load(&all, store_dir, e) < 0) …
 *     … choose …
 *     inventory_discard(lock, all.list[i].digest, e);
 *     close(steal_fd(&lock));
 *     … remove DIGEST.gone …                 without the lock: freeing a large file takes long
 *
 * inventory_discard removes the link of served.h and the manifest first: from then on the artifact
 * does not exist, its keys find nothing, and builds make it again. A crash at any point leaves a
 * file without a name in use, which the next collector removes.
 */
#ifndef HORNERO_STORE_INVENTORY_H
#define HORNERO_STORE_INVENTORY_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct stored {
	char digest[SHA256_HEX + 1];
	char image[UUID_LEN + 1]; /* it was first built for; "" if the manifest is invalid */
	int64_t built_ms, used_ms; /* wall */
	int64_t bytes; /* allocated blocks; shared blocks count fully */
	bool needed;   /* for the caller */
};

struct inventory {
	struct stored *list; /* least recently used first */
	size_t n;
	int64_t bytes; /* of all of them */
};

/* Opens the store's directory of artifacts, for inventory_next. Returns NULL with e filled if it
 * cannot be read. */
DIR *inventory_open(const char *store_dir, struct err *e);

/* Sets digest to that of the next artifact with a manifest. Returns false after the last one. */
bool inventory_next(DIR *artifacts, char digest[SHA256_HEX + 1]);

int inventory_load(struct inventory *out, const char *store_dir, struct err *e);
void inventory_fini(struct inventory *v);

/* Returns NULL if it is not in the list. */
struct stored *inventory_find(const struct inventory *v, const char *digest);

/* Removes the manifest and renames DIGEST.raw to DIGEST.gone. Durable on return. `artifacts` is the
 * lock. */
int inventory_discard(int artifacts, const char *digest, struct err *e);

/* Returns the disk space of a file. */
static inline int64_t inventory_bytes_of(const struct stat *st)
{
	return (int64_t)st->st_blocks * 512;
}

/* Returns true and the digits if name is 64 hexadecimal digits and this ending. */
bool inventory_digest_of(const char *name, const char *ending, char digest[SHA256_HEX + 1]);

#define own_inventory __attribute__((cleanup(inventory_fini)))

#endif
