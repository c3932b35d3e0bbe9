/*
 * nova: the file names and sizes of Nova's image cache. Pure.
 *
 * nova/virt/libvirt/imagecache.py get_cache_fname(): SHA-1 of the image UUID as a string.
 * nova/virt/libvirt/imagebackend.py: the lock file is $instances_path/locks/nova-<that name>.
 */
#ifndef HORNERO_STORE_NOVA_H
#define HORNERO_STORE_NOVA_H

#include "lib/err.h"
#include "lib/sha.h"
#include "lib/uuid5.h"

#include <stdint.h>

/* Computes the release of an artifact under an image: an image UUID of its own, which never gets
 * other bytes. Any UUIDv5 tool computes the same: the namespace is the image, the name is the
 * SHA-256 of the RAW as 64 lower-case digits. */
static inline int nova_release(const char *uuid, const char *digest, char out[UUID_LEN + 1],
			       struct err *e)
{
	return uuid5(uuid, digest, out, e);
}

/* Returns the root disk that a flavor needs, in GiB: nova/virt/libvirt/imagebackend.py
 * verify_base_size() refuses a larger base. (Nova does not compare a root disk of 0.) */
static inline int64_t nova_root_gib(int64_t size_bytes)
{
	const int64_t gib = (int64_t)1 << 30;

	return size_bytes / gib + (size_bytes % gib > 0);
}

/* Computes the file name of an image below the cache directory. */
static inline int nova_cache_name(const char *uuid, char out[SHA1_HEX + 1], struct err *e)
{
	return sha1_string(uuid, out, e);
}

#define NOVA_LOCKS_SUBDIR "locks"
#define NOVA_LOCK_PREFIX  "nova-"

#endif
