/*
 * label: marks a file in Nova's cache as hornero's and names its image: the extended attribute
 * user.hornero.image of the inode, set on the copy before it gets Nova's name.
 *
 * So a file stays ours if its record is lost: by a crash between the rename and the record, or with
 * the store. Nova and Glance do not copy the attribute. A filesystem without user attributes has no
 * labels; then the bytes decide.
 */
#ifndef HORNERO_STORE_LABEL_H
#define HORNERO_STORE_LABEL_H

#include <stdbool.h>

/* Best effort. The caller's fsync makes it durable. */
void label_set(int fd, const char *image);

/* Returns false if the label is missing or the filesystem has no attributes. */
bool label_is(int fd, const char *image);

#endif
