/* lfs: the form of a Git LFS pointer, for the push and the build:
 * https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
#ifndef HORNERO_CONF_LFS_H
#define HORNERO_CONF_LFS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { LFS_POINTER_MAX = 1024 }; /* a pointer is smaller */

static inline bool lfs_is_pointer(const char *data, size_t len)
{
	static const char start[] = "version https://git-lfs.github.com/spec/";

	return len < LFS_POINTER_MAX && len >= sizeof(start) - 1 &&
	       memcmp(data, start, sizeof(start) - 1) == 0;
}

#endif
