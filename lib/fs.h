/*
 * fs: file operations that leave a whole file or none.
 *
 * Paths are relative to a directory descriptor (AT_FDCWD for a path from the configuration). Every
 * descriptor is O_CLOEXEC. EINTR is handled here. Modes are set with fchmod, so the caller's umask
 * does not matter.
 *
 * Open names that users chose with fs_open_beneath only.
 */
#ifndef HORNERO_LIB_FS_H
#define HORNERO_LIB_FS_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS: never leaves dir and never follows a link,
 * not even in the last component. Returns a descriptor, or -1 with errno set (ENOENT, ELOOP, EXDEV,
 * …), because only the caller knows whose fault it is. */
int fs_open_beneath(int dir, const char *path, int flags, mode_t mode);

/* Opens a directory beneath dir whose owner may have removed its permissions. Restores the owner's
 * permissions on it and on the directories on the way, if we may. No other process may work there
 * meanwhile. Returns a descriptor, or -1 with errno set. */
int fs_enter_beneath(int dir, const char *path);

/* Opens a directory with O_DIRECTORY|O_RDONLY. Returns a descriptor, or -1 with e filled. */
int fs_open_dir(int dir, const char *path, struct err *e);

/* Reads a whole file into a new buffer and terminates it with NUL; the caller frees *buf. A file
 * larger than max bytes, or not regular, is ERR_OPERATOR. */
int fs_read(int dir, const char *path, size_t max, char **buf, size_t *len, struct err *e);

/* Like fs_read, from an open descriptor. `name` is for messages. */
int fs_read_fd(int fd, const char *name, size_t max, char **buf, size_t *len, struct err *e);

/* Creates a new file and never opens an existing one: removes that first. If the name is a
 * directory, fails with EISDIR or EEXIST. Use it for temporary names, which another user could have
 * taken. Returns a descriptor, or -1 with errno set. */
int fs_create(int dir, const char *name, int flags, mode_t mode);

/* Writes ".NAME.PID.tmp" beside `path`, syncs it, renames it over `path` and syncs the directory.
 * On success the new content is durable. If it fails before the rename, the old file stays. */
int fs_replace(int dir, const char *path, const void *data, size_t len, mode_t mode, struct err *e);

/* Like fs_replace, but syncs nothing: after a power failure the file may be empty or missing. */
int fs_replace_unsynced(int dir, const char *path, const void *data, size_t len, mode_t mode,
			struct err *e);

/* Like fs_replace, with the owner, group and permissions of `like`. If we may not set those, the
 * old file stays. */
int fs_replace_like(int dir, const char *path, const void *data, size_t len,
		    const struct stat *like, struct err *e);

/* Removes files from dir that fs_replace left there when its process was killed. The writers must
 * be in our PID namespace. */
int fs_clear_staging(const char *dir, struct err *e);

/* Returns the inode's birth time in ns since the epoch, or 0 if the filesystem does not record it.
 * Does not follow a link. Filesystems reuse inode numbers: only number and birth time together
 * identify a file. */
int64_t fs_born_ns(int dir, const char *path);

/* Whether path leads to the file of that inode number, size and birth time, without following a
 * link. born_ns as from fs_born_ns(). */
bool fs_is_still(int dir, const char *path, uint64_t ino, int64_t size_bytes, int64_t born_ns);

/* Whether both describe one file: the same inode of the same filesystem. */
bool fs_is_same(const struct stat *a, const struct stat *b);

/* Whether name still leads to the open file fd, without following a link: another process may have
 * removed or replaced it before we locked fd. */
bool fs_is_named(int dir, const char *name, int fd);

/* Reads up to len bytes from `at`. Returns fewer only at the end of the file, -1 with errno set on
 * error. */
ssize_t fs_pread(int fd, void *buf, size_t len, int64_t at);

/* Writes all of data. Returns 0, or -1 with errno set. */
int fs_write_all(int fd, const void *data, size_t len);

/* fs_sync_dir syncs the directory `path`, fs_sync_parent the directory that holds `path`. Return 0,
 * or -1 with e filled. */
int fs_sync_dir(int dir, const char *path, struct err *e);
int fs_sync_parent(int dir, const char *path, struct err *e);

/* Like rm -rf for one name in dir; never follows a link or leaves dir. A missing name is not an
 * error. Makes directories that we own writable first if necessary. */
int fs_remove_tree(int dir, const char *name, struct err *e);

/* Takes an exclusive flock on fd. Retries for wait_ms; 0 tries once. Returns 1 if the lock is held,
 * 0 if it is busy, -1 on error. */
int fs_flock(int fd, int wait_ms, struct err *e);

/* Like fs_flock, with a shared lock. */
int fs_flock_shared(int fd, int wait_ms, struct err *e);

/* printf into a new string, which the caller frees. Aborts the process if memory runs out (our
 * paths are short). */
char *fs_path(const char *fmt, ...) __attribute__((format(printf, 1, 2), malloc));

#endif
