/*
 * inventory: what the store holds, with what each artifact takes and when it was used last; and how one is let go.
 *
 *     own_fd int lock = store_lock(store_dir, STORE_ALONE, e);
 *     own_inventory struct inventory all = {0};
 *     if (inventory_load(&all, store_dir, e) < 0) …
 *     … choose …
 *     inventory_discard(lock, all.list[i].digest, e);
 *     close(steal_fd(&lock));
 *     … remove DIGEST.gone …                 freeing a large file takes long: without the lock
 *
 * The manifest goes first: from then on there is no artifact, its keys find nothing, and whoever wanted it builds. A death
 * anywhere leaves what no name leads to, for the next one to remove.
 */
#ifndef HORNERO_STORE_INVENTORY_H
#define HORNERO_STORE_INVENTORY_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct stored {
	char digest[SHA256_HEX + 1];
	char image[UUID_LEN + 1]; /* it was first built for; "" where the manifest makes no sense */
	int64_t built_ms, used_ms; /* wall */
	int64_t bytes; /* allocated blocks; what is shared with other files counts fully */
	bool needed;   /* the caller's */
};

struct inventory {
	struct stored *list; /* the one used longest ago first */
	size_t n;
	int64_t bytes; /* of all of them */
};

int inventory_load(struct inventory *out, const char *store_dir, struct err *e);
void inventory_fini(struct inventory *v);

/* NULL where it is not there. */
struct stored *inventory_find(const struct inventory *v, const char *digest);

/* DIGEST.raw becomes DIGEST.gone, without a manifest. Durable on return. `artifacts` is the lock. */
int inventory_discard(int artifacts, const char *digest, struct err *e);

/* What a file takes on its disk. */
static inline int64_t inventory_bytes_of(const struct stat *st)
{
	return (int64_t)st->st_blocks * 512;
}

/* NAME is 64 hexadecimal digits and this ending: the digits. */
bool inventory_digest_of(const char *name, const char *ending, char digest[SHA256_HEX + 1]);

#define own_inventory __attribute__((cleanup(inventory_fini)))

#endif
