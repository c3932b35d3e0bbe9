/*
 * mark: a file in Nova's cache says itself that hornero put it there, for which image: the extended attribute
 * user.hornero.image of the inode, set on the copy before it gets Nova's name.
 *
 * So a file stays ours where its record was lost: after a death between the rename and the record, or of the store.
 * Nova and Glance carry no such attribute over. A filesystem without user attributes has no marks; there the bytes tell.
 */
#ifndef HORNERO_STORE_MARK_H
#define HORNERO_STORE_MARK_H

#include <stdbool.h>

/* Best effort: made durable by the caller's fsync. */
void mark_set(int fd, const char *image);

/* False also where the filesystem has no attributes. */
bool mark_is(int fd, const char *image);

#endif
