/*
 * dirs: directories on the way of a path, one component at a time, by descriptors.
 *
 *     own_fd int fd = dirs_make("/var/lib/hornero/queue", 02770, &made, e);
 *
 * Root never trusts a name in a directory of somebody else, who can put another thing under it at any moment:
 * - it follows a symbolic link only where nobody but root could have put it,
 * - it makes a directory as the owner of the one that holds it,
 * - it says in `parent` whose that one is, so that callers change nothing that its owner could have moved there.
 * For everybody else the kernel's own checks are enough.
 */
#ifndef HORNERO_LIB_DIRS_H
#define HORNERO_LIB_DIRS_H

#include "lib/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct dir_made {
	bool made;    /* it was not there */
	uid_t parent; /* owner of the directory that holds it */
	dev_t dev;    /* its filesystem */
};

/* As mkdir -p; the last one gets exactly `mode` where it is new, those before it 0755 less the umask. Returns a descriptor
 * of it (O_DIRECTORY | O_RDONLY), or -1; `how` may be NULL. A symbolic link in the last place is an error. */
int dirs_make(const char *path, mode_t mode, struct dir_made *how, struct err *e);

/* One name in the directory `at`; otherwise the same. `path` is for messages. */
int dirs_make_at(int at, const char *name, const char *path, mode_t mode, struct dir_made *how, struct err *e);

/* The same without a descriptor, and through a link in the last place, where dirs_make would follow one on the way. */
int fs_mkdir_p(const char *path, mode_t mode, struct err *e);

#endif
