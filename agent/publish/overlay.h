/*
 * overlay: whose backing file is it? Pure.
 *
 * Nova's instances are qcow2 overlays on a base of the cache. Replacing a base that an overlay
 * stands on mixes two images in one disk, so every header under instances_path is read before.
 * The parser believes no byte of a header (qemu: docs/interop/qcow2.txt).
 */
#ifndef HORNERO_AGENT_PUBLISH_OVERLAY_H
#define HORNERO_AGENT_PUBLISH_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	OVERLAY_NAME_MAX = 1023,          /* as in the format */
	OVERLAY_OFFSET_MAX = 2 * 1048576, /* the name lies in the first cluster; clusters end at 2 MiB */
};

enum overlay_kind {
	OVERLAY_NONE,   /* no qcow2, or one that stands on nothing */
	OVERLAY_BACKED, /* the name of its base lies at *offset, *len bytes */
	OVERLAY_BAD,    /* says it is qcow2, and makes no sense or has its bytes elsewhere: nobody can tell what it stands on */
};

/* head: the first len bytes of the file. *offset and *len_out are set for OVERLAY_BACKED only:
 * 20 <= offset <= OVERLAY_OFFSET_MAX, 1 <= len <= OVERLAY_NAME_MAX. */
enum overlay_kind overlay_parse(const uint8_t *head, size_t len, uint64_t *offset, uint32_t *len_out);

/* The header of an OVERLAY_BACKED one calls its base raw. Without a word there QEMU would guess. */
bool overlay_is_on_raw(const uint8_t *head, size_t len);

enum overlay_match {
	OVERLAY_NO,
	OVERLAY_YES,
	OVERLAY_LOOK, /* a path spelled in another way: *path is what to compare inodes of */
};

/* Does the backing name (as it stands in the header, NUL-terminated) mean `base`, an absolute path?
 * `json:` and other protocols count as YES where they mention the base's file name. For LOOK, *path
 * points into backing; relative paths are relative to the overlay's directory. */
enum overlay_match overlay_match(const char *backing, const char *base, const char **path);

/* Both absolute, and the same but for empty and "." parts. */
bool overlay_is_same_path(const char *a, const char *b);

#endif
