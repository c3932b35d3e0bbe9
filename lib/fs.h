/*
 * fs: files, so that they are whole or not there.
 *
 * Paths are relative to a directory descriptor (AT_FDCWD where the path is the
 * configuration's own). Everything is O_CLOEXEC, EINTR ends here, modes are set
 * with fchmod so that no umask of a caller matters.
 *
 * Names of people's making are opened with fs_open_beneath only.
 */
#ifndef HORNERO_LIB_FS_H
#define HORNERO_LIB_FS_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS: never leaves dir, never
 * follows a link, not even the last. Returns a descriptor or -1 with errno set
 * (ENOENT, ELOOP, EXDEV, …): the caller knows whose fault it is. */
int fs_open_beneath(int dir, const char *path, int flags, mode_t mode);

/* A directory beneath dir, of somebody who may have taken its permissions away: it and those on the way there get them
 * back for their owner, where we may give them. Nobody else is at work there. Descriptor or -1 with errno. */
int fs_enter_beneath(int dir, const char *path);

/* A directory as O_DIRECTORY|O_RDONLY, or -1 with e filled. */
int fs_open_dir(int dir, const char *path, struct err *e);

/* Whole file into a fresh buffer with a terminating NUL behind it. More than
 * max bytes, or not a regular file, is ERR_OPERATOR. *buf is the caller's to free. */
int fs_read(int dir, const char *path, size_t max, char **buf, size_t *len, struct err *e);

/* As fs_read, from an open descriptor; `name` is for messages. */
int fs_read_fd(int fd, const char *name, size_t max, char **buf, size_t *len, struct err *e);

/* A new file, never one that is there: what has that name goes first (a directory does not: EISDIR or EEXIST).
 * For names of temporary files, which somebody else could have put there. Descriptor or -1 with errno. */
int fs_create(int dir, const char *name, int flags, mode_t mode);

/* Write aside (".NAME.PID.tmp" beside it), fsync, rename over `path`, fsync the
 * directory: on return the new content is durable. On failure the old one stands. */
int fs_replace(int dir, const char *path, const void *data, size_t len, mode_t mode, struct err *e);

/* The same with owner, group and permissions of `like`; where we may not give those, nothing is replaced. */
int fs_replace_like(int dir, const char *path, const void *data, size_t len, const struct stat *like, struct err *e);

/* Remove from dir what fs_replace left there in processes that were killed; they are in our PID namespace. */
int fs_clear_aside(const char *dir, struct err *e);

/* When the inode was made, ns since the epoch; 0 where the filesystem does not say. Inode numbers are used
 * again: only together with the birth do they name a file. No link is followed. */
int64_t fs_born_ns(int dir, const char *path);

/* Up to len bytes from `at`; fewer only at the end of the file. -1 with errno set. */
ssize_t fs_pread(int fd, void *buf, size_t len, int64_t at);

/* All of data; -1 with errno set. */
int fs_write_all(int fd, const void *data, size_t len);

/* fsync of the directory that holds `path` (or of `path` itself for fs_sync_dir). */
int fs_sync_dir(int dir, const char *path, struct err *e);
int fs_sync_parent(int dir, const char *path, struct err *e);

/* rm -rf of one name below dir, without following links or leaving dir; a name
 * that is not there is fine. Directories without write or search permission are
 * made writable first where we own them. */
int fs_remove_tree(int dir, const char *name, struct err *e);

/* Exclusive flock of fd, tried until wait_ms (0: once) is over. 1 held, 0 busy, -1 error. */
int fs_flock(int fd, int wait_ms, struct err *e);

/* The same, shared with others of its kind. */
int fs_flock_shared(int fd, int wait_ms, struct err *e);

/* printf into a fresh string; aborts the process when memory is out (our paths are short). */
char *fs_path(const char *fmt, ...) __attribute__((format(printf, 1, 2), malloc));

#endif
