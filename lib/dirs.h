/*
 * dirs: creates the directories of a path, one component at a time, by descriptors.
 *
 *     own_fd int fd = dirs_make("/var/lib/hornero/queue", 02770, &made, e);
 *
 * Root never trusts a name in another user's directory: that user can replace it at any moment. As
 * root, this module
 * - follows a symbolic link only if nobody but root could have created it,
 * - creates a directory as the owner of its parent directory,
 * - reports the parent's owner in `parent`, so that callers change nothing that this owner could
 *   have moved there.
 *
 * For other users the kernel's own checks are sufficient.
 */
#ifndef HORNERO_LIB_DIRS_H
#define HORNERO_LIB_DIRS_H

#include "lib/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct dir_made {
	bool made;    /* it did not exist before */
	uid_t parent; /* owner of the parent directory */
	dev_t dev;    /* its filesystem */
};

/* Like mkdir -p. If the last directory is new, it gets exactly `mode`; those before it get 0755
 * less the umask. A symbolic link as the last component is an error. `how` may be NULL. Returns a
 * descriptor (O_DIRECTORY | O_RDONLY), or -1 with e filled. */
int dirs_make(const char *path, mode_t mode, struct dir_made *how, struct err *e);

/* Like dirs_make for one name in the directory `at`. `path` is for messages. */
int dirs_make_at(int at, const char *name, const char *path, mode_t mode, struct dir_made *how,
		 struct err *e);

/* Like dirs_make without the descriptor. Also follows a link as the last component, under the same
 * rules as for the others. */
int fs_mkdir_p(const char *path, mode_t mode, struct err *e);

#endif
