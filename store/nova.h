/*
 * nova: the names that Nova's image cache goes by. Pure.
 *
 * nova/virt/libvirt/imagecache.py get_cache_fname(): SHA-1 of the image UUID as a string.
 * nova/virt/libvirt/imagebackend.py: the lock file is $instances_path/locks/nova-<that name>.
 */
#ifndef HORNERO_STORE_NOVA_H
#define HORNERO_STORE_NOVA_H

#include "lib/err.h"
#include "lib/sha.h"

/* File name of an image below the cache directory. */
static inline int nova_cache_name(const char *uuid, char out[SHA1_HEX + 1], struct err *e)
{
	return sha1_string(uuid, out, e);
}

#define NOVA_LOCKS_SUBDIR "locks"
#define NOVA_LOCK_PREFIX  "nova-"

#endif
